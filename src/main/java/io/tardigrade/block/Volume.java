package io.tardigrade.block;

import io.tardigrade.linux.LinuxFile;
import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import org.jspecify.annotations.Nullable;

/**
 * A guest's disk: a raw base file, and a log of the writes whose epochs have not been applied.
 *
 * <pre>
 *   write ──▶ log (appended) ──▶ open layer ──closeEpoch──▶ closed layer ──prepare──▶ durable
 *                                                                │
 *   read  ◀── open layer ◀── closed layers ◀── base file ◀──commit (applied in place)
 * </pre>
 *
 * <p>Invariants:
 *
 * <ol>
 *   <li>No byte of the base file changes before the epoch that wrote it is prepared and committed.
 *   <li>A read sees every write that returned before it began.
 *   <li>A write never waits for a prepare or a commit: the hypervisor drains its requests within a
 *       pause, so waiting here would stop the checkpoint that is waited for. The log grows instead.
 *   <li>After a crash at any instruction, or a loss of power, the volume can be recovered to every
 *       epoch from the newest one committed to {@link #lastPrepared}.
 * </ol>
 *
 * <p>Threads: any number read and write; one takes checkpoints ({@link #closeEpoch}, {@link
 * #prepare}); one commits. {@link #rollback} wants no writes in flight and no prepare running.
 * Offsets and lengths are bytes; a range outside the volume is an {@link
 * IndexOutOfBoundsException}. Epochs are positive and grow. Once making the log or the base durable
 * has failed, preparing and recycling fail for good, since the kernel then forgets what was lost.
 */
public final class Volume implements Closeable {
  /** The longest single write, in bytes. */
  public static final int WRITE_BYTES_MAX = LogRecord.PAYLOAD_BYTES_MAX;

  static final long LOG_SWITCH_BYTES = 16L << 20;
  private static final int SECTOR_BYTES = 512;
  private static final int APPLY_BYTES = 64 << 10;

  private final BlockFile base;
  private final EpochLog log;
  private final LayerReader reader;
  private final long sizeBytes;
  private final ReentrantReadWriteLock lock = new ReentrantReadWriteLock();
  private final Object applying = new Object();
  private final ByteBuffer applyBuffer = ByteBuffer.allocateDirect(APPLY_BYTES);

  /** Oldest first; the last one is open. Guarded by lock. */
  private final List<BlockLayer> layers = new ArrayList<>();

  private @Nullable LogScan toRecover;
  private long closed;
  private long prepared;
  private long committed;
  private volatile @Nullable IOException lost;

  /**
   * A rollback was made that may not be durable. It may be in the log already: writes put it there.
   */
  private volatile boolean rollbackUnsynced;

  Volume(BlockFile base, BlockFile log0, BlockFile log1, long logSwitchBytes) throws IOException {
    this.base = base;
    this.sizeBytes = base.size();
    if (sizeBytes <= 0 || sizeBytes % SECTOR_BYTES != 0) {
      throw new IOException(
          "a volume of " + sizeBytes + " bytes, expected a positive multiple of " + SECTOR_BYTES);
    }
    this.log = new EpochLog(log0, log1, sizeBytes, logSwitchBytes);
    this.reader = new LayerReader(base, log);
    LogScan scan = log.scan();
    this.toRecover = scan.records() == 0 ? null : scan;
    startFrom(log.baseEpoch());
    this.prepared = scan.prepared();
  }

  /**
   * Opens a volume for exclusive use and reads its log, making one where there is none.
   *
   * @param base raw content; its size, a multiple of 512, is the volume's
   * @param log the first log file; the second one lies beside it, with {@code .1} appended
   */
  public static Volume open(Path base, Path log) throws IOException {
    List<LinuxFile> opened = new ArrayList<>();
    try {
      opened.add(LinuxFile.open(base));
      if (!opened.getFirst().tryLock()) {
        throw new IOException(
            "volume " + base + " is in use by another guest or guardian; stop that one first");
      }
      opened.add(LinuxFile.openOrCreate(log));
      opened.add(LinuxFile.openOrCreate(secondLog(log)));
      LinuxFile.syncDirectory(directory(log));
      return new Volume(
          new HostFile(opened.get(0)),
          new HostFile(opened.get(1)),
          new HostFile(opened.get(2)),
          LOG_SWITCH_BYTES);
    } catch (IOException e) {
      opened.forEach(LinuxFile::close);
      throw new IOException("cannot open volume " + base + ": " + e.getMessage(), e);
    }
  }

  /** Deletes a volume's files, the log last: a base file must never meet the log of another. */
  public static void delete(Path base, Path log) throws IOException {
    Files.deleteIfExists(base);
    Files.deleteIfExists(log);
    Files.deleteIfExists(secondLog(log));
  }

  private static Path secondLog(Path log) {
    return log.resolveSibling(log.getFileName() + ".1");
  }

  private static Path directory(Path file) throws IOException {
    Path parent = file.toAbsolutePath().getParent();
    if (parent == null) {
      throw new IOException("not a file: " + file);
    }
    return parent;
  }

  public long sizeBytes() {
    return sizeBytes;
  }

  /** Fills the rest of {@code dst}, direct for speed, with the newest content. */
  public void read(long offset, ByteBuffer dst) throws IOException {
    int length = dst.remaining();
    checkRange(offset, length);
    lock.readLock().lock();
    try {
      checkUsable();
      reader.read(layers, layers.size() - 1, offset, offset + length, dst);
    } finally {
      lock.readLock().unlock();
    }
  }

  /**
   * As {@link #read}, with the content at the newest committed epoch, whatever was written since.
   */
  public void readCommitted(long offset, ByteBuffer dst) throws IOException {
    int length = dst.remaining();
    checkRange(offset, length);
    lock.readLock().lock();
    try {
      checkUsable();
      int top = (int) layers.stream().filter(layer -> layer.epoch() <= committed).count() - 1;
      reader.read(layers, top, offset, offset + length, dst);
    } finally {
      lock.readLock().unlock();
    }
  }

  /**
   * Hands over what closed epochs wrote, the oldest first. By one thread at a time.
   *
   * @param after an epoch that is committed, or one that was handed over
   * @param upTo a closed epoch that is not committed
   */
  public void changes(long after, long upTo, VolumeChanges to) throws IOException {
    List<BlockLayer> wanted;
    lock.readLock().lock();
    try {
      checkUsable();
      wanted = layers.stream().filter(l -> l.epoch() > after && l.epoch() <= upTo).toList();
    } finally {
      lock.readLock().unlock();
    }
    // A closed layer changes no more, and its log is not recycled before it is committed.
    for (BlockLayer layer : wanted) {
      reader.handOver(layer, to);
    }
  }

  /**
   * Writes the rest of {@code src}, at most {@link #WRITE_BYTES_MAX}. Where the log cannot grow
   * this fails, and nothing has changed.
   */
  public void write(long offset, ByteBuffer src) throws IOException {
    int length = src.remaining();
    checkRange(offset, length);
    if (length > WRITE_BYTES_MAX) {
      throw new IndexOutOfBoundsException(
          "a write of " + length + " bytes, at most " + WRITE_BYTES_MAX + " are possible");
    }
    if (length == 0) {
      return;
    }
    lock.writeLock().lock();
    try {
      checkUsable();
      BlockLayer open = layers.getLast();
      open.put(log.appendWrite(open.epoch(), offset, src));
    } finally {
      lock.writeLock().unlock();
    }
  }

  /**
   * Makes a range read as zeroes.
   *
   * @param mayTrim whether its space may be given back to the host
   */
  public void writeZeroes(long offset, long length, boolean mayTrim) throws IOException {
    checkRange(offset, length);
    if (length == 0) {
      return;
    }
    lock.writeLock().lock();
    try {
      checkUsable();
      BlockLayer open = layers.getLast();
      open.put(log.appendZero(open.epoch(), offset, length, mayTrim));
    } finally {
      lock.writeLock().unlock();
    }
  }

  /** Gives the space of a range back; it reads as zeroes from now on. */
  public void trim(long offset, long length) throws IOException {
    writeZeroes(offset, length, true);
  }

  private void checkRange(long offset, long length) {
    if (offset < 0 || length < 0 || length > sizeBytes || offset > sizeBytes - length) {
      throw new IndexOutOfBoundsException(
          length + " bytes at " + offset + " are not within a volume of " + sizeBytes + " bytes");
    }
  }

  private void checkUsable() {
    if (toRecover != null) {
      throw new IllegalStateException("the volume's log was not empty: recoverTo comes first");
    }
  }

  /**
   * Ends an epoch, the guest being paused and its requests drained: every write so far belongs to
   * {@code epoch}, later ones to a later one. Does no I/O.
   *
   * @return whether {@code epoch} must be prepared: it wrote something, or a rollback before it is
   *     still to be recorded
   */
  public boolean closeEpoch(long epoch) {
    lock.writeLock().lock();
    try {
      checkUsable();
      if (epoch <= closed) {
        throw new IllegalStateException("epoch " + epoch + " closed after epoch " + closed);
      }
      boolean wrote = !layers.getLast().isEmpty();
      if (!wrote) {
        layers.removeLast();
      }
      layers.add(new BlockLayer(epoch + 1));
      closed = epoch;
      log.switchIfLarge();
      return wrote || log.owesRollback();
    } finally {
      lock.writeLock().unlock();
    }
  }

  /**
   * Makes all writes up to {@code epoch} durable, together with the statement that they are all
   * there. A loss of power from now on recovers to {@code epoch} or later. May be repeated after an
   * error.
   */
  public void prepare(long epoch) throws IOException {
    lock.writeLock().lock();
    try {
      checkUsable();
      checkLost();
      if (epoch > closed || epoch <= committed) {
        throw new IllegalStateException(
            "epoch " + epoch + " prepared, closed are " + (committed + 1) + " to " + closed);
      }
      log.appendPrepared(epoch);
    } finally {
      lock.writeLock().unlock();
    }
    syncOrLose(log::sync);
    lock.writeLock().lock();
    try {
      prepared = Math.max(prepared, epoch);
    } finally {
      lock.writeLock().unlock();
    }
  }

  /** Makes a rollback durable, if one is not yet; see {@link VolumeSet#prepare}. */
  void settleRollback() throws IOException {
    lock.writeLock().lock();
    try {
      if (!rollbackUnsynced) {
        return;
      }
      checkLost();
      log.settleRollback();
    } finally {
      lock.writeLock().unlock();
    }
    syncOrLose(log::sync);
    rollbackUnsynced = false;
  }

  /**
   * Applies everything up to {@code epoch} to the base file, after it was decided elsewhere that
   * the epoch is the newest to recover to. Recycles log space when there is enough of it. After an
   * error (the base file's file system is full) the volume goes on from its log, and the next
   * commit applies what was left.
   */
  public void commit(long epoch) throws IOException {
    synchronized (applying) {
      List<BlockLayer> ripe = decideCommit(epoch);
      for (BlockLayer layer : ripe) {
        apply(layer);
        lock.writeLock().lock();
        try {
          layers.remove(layer);
        } finally {
          lock.writeLock().unlock();
        }
      }
      recycle(epoch);
    }
  }

  private List<BlockLayer> decideCommit(long epoch) {
    lock.writeLock().lock();
    try {
      checkUsable();
      List<BlockLayer> ripe =
          layers.subList(0, layers.size() - 1).stream().filter(l -> l.epoch() <= epoch).toList();
      if (epoch < committed || epoch > closed) {
        throw new IllegalStateException(
            "epoch " + epoch + " committed, closed are " + (committed + 1) + " to " + closed);
      }
      if ((epoch > committed && log.owesRollback())
          || (!ripe.isEmpty() && ripe.getLast().epoch() > prepared)) {
        throw new IllegalStateException(
            "epoch " + epoch + " committed, but only " + prepared + " was prepared");
      }
      committed = epoch;
      return ripe;
    } finally {
      lock.writeLock().unlock();
    }
  }

  /** Applies one layer in place; doing so again, wholly or in part, changes nothing. */
  private void apply(BlockLayer layer) throws IOException {
    for (Extent extent : layer.extents()) {
      if (extent.isZero()) {
        base.zero(extent.offset(), extent.length(), extent.source() == Extent.TRIM);
        continue;
      }
      BlockFile source = log.file(extent.source()).file();
      for (long done = 0; done < extent.length(); ) {
        int n = (int) Math.min(APPLY_BYTES, extent.length() - done);
        source.read(extent.position() + done, applyBuffer.clear().limit(n));
        base.write(extent.offset() + done, applyBuffer.flip());
        done += n;
      }
    }
  }

  private void recycle(long applied) throws IOException {
    lock.readLock().lock();
    try {
      if (!log.canRecycle(applied)) {
        return;
      }
    } finally {
      lock.readLock().unlock();
    }
    // No layer points into the file any more, and reads that followed one have ended, because
    // they hold the lock that the layers were removed under.
    checkLost();
    syncOrLose(base::sync);
    LogHeader header = log.recycle(applied);
    lock.writeLock().lock();
    try {
      log.recycled(header);
    } finally {
      lock.writeLock().unlock();
    }
  }

  /**
   * Drops every write after the newest committed epoch, the hypervisor that made them being dead
   * and its connections closed. What a commit that is under way applies is not touched. Does no
   * I/O.
   */
  public void rollback() {
    lock.writeLock().lock();
    try {
      checkUsable();
      layers.removeIf(layer -> layer.epoch() > committed);
      layers.add(new BlockLayer(committed + 1));
      closed = committed;
      prepared = Math.min(prepared, committed);
      log.oweRollback(committed);
      rollbackUnsynced |= log.owesRollback();
    } finally {
      lock.writeLock().unlock();
    }
  }

  /**
   * The newest epoch whose writes are all durable in log or base file; 0 for a volume never used.
   * After a loss of power, a guest's volumes go to the least of these ({@link
   * VolumeSet#lastPrepared}).
   */
  public long lastPrepared() {
    lock.readLock().lock();
    try {
      return prepared;
    } finally {
      lock.readLock().unlock();
    }
  }

  /**
   * Brings a volume just opened to {@code epoch}: applies the log up to it, discards the rest and
   * empties the log, all durably. A crash in here is followed by doing it again.
   *
   * @throws IOException where the log does not hold all of {@code epoch}, or the base file is past
   *     it; nothing has changed then
   */
  public void recoverTo(long epoch) throws IOException {
    lock.writeLock().lock();
    try {
      List<BlockLayer> found = toRecover == null ? List.of() : toRecover.layers();
      checkRecoverable(found, epoch);
      // What was read may be in the page cache only. It must not reach the base file before it is
      // durable itself, or a loss of power now would leave the base with half an epoch.
      log.file(0).file().sync();
      log.file(1).file().sync();
      for (BlockLayer layer : found) {
        if (layer.epoch() <= epoch) {
          apply(layer);
        }
      }
      base.sync();
      log.restart(log.life(), epoch);
      toRecover = null;
      startFrom(epoch);
    } finally {
      lock.writeLock().unlock();
    }
  }

  private void checkRecoverable(List<BlockLayer> found, long epoch) throws IOException {
    checkUnused();
    if (epoch < log.baseEpoch()) {
      throw new IOException(
          "cannot recover to epoch "
              + epoch
              + ": the volume is at "
              + log.baseEpoch()
              + " already");
    }
    for (BlockLayer layer : found) {
      if (layer.epoch() <= epoch && layer.epoch() > prepared) {
        throw new IOException(
            "cannot recover to epoch "
                + epoch
                + ": the log is whole up to epoch "
                + prepared
                + " only");
      }
    }
  }

  private void checkUnused() {
    if (closed > log.baseEpoch() || !layers.getLast().isEmpty()) {
      throw new IllegalStateException(
          "only for a volume just opened, this one has been written to");
    }
  }

  private void startFrom(long epoch) {
    layers.clear();
    layers.add(new BlockLayer(epoch + 1));
    closed = epoch;
    prepared = epoch;
    committed = epoch;
  }

  /**
   * A guest starts afresh on this volume, counting its epochs from {@code epoch}; durable. The log
   * must be empty.
   */
  void begin(long life, long epoch) throws IOException {
    lock.writeLock().lock();
    try {
      checkUsable();
      checkUnused();
      log.restart(life, epoch);
      startFrom(epoch);
    } finally {
      lock.writeLock().unlock();
    }
  }

  /** Whether the log found at opening holds records that {@link #recoverTo} has not dealt with. */
  boolean needsRecovery() {
    return toRecover != null;
  }

  /** The epoch that the base file is known to hold all of. */
  long baseEpoch() {
    return log.baseEpoch();
  }

  /** Which run of a guest the volume's epochs belong to; 0 before the first. */
  long life() {
    return log.life();
  }

  /** Log space taken by writes that are not committed yet. */
  public long uncommittedBytes() {
    lock.readLock().lock();
    try {
      long bytes = 0;
      for (BlockLayer layer : layers) {
        bytes += layer.epoch() > committed ? layer.payloadBytes() : 0;
      }
      return bytes;
    } finally {
      lock.readLock().unlock();
    }
  }

  @FunctionalInterface
  private interface Sync {
    void run() throws IOException;
  }

  private void syncOrLose(Sync sync) throws IOException {
    try {
      sync.run();
    } catch (IOException e) {
      lost = e;
      throw e;
    }
  }

  private void checkLost() throws IOException {
    IOException cause = lost;
    if (cause != null) {
      throw new IOException(
          "writes to the volume's files were lost ("
              + cause.getMessage()
              + "); repair the storage and restart the guardian",
          cause);
    }
  }

  /** Closes the files and releases the lock. What was not committed stays in the log. */
  @Override
  public void close() throws IOException {
    lock.writeLock().lock();
    try {
      layers.clear();
      try {
        log.close();
      } finally {
        base.close();
      }
    } finally {
      lock.writeLock().unlock();
    }
  }
}
