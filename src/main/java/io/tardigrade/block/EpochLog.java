package io.tardigrade.block;

import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;

/**
 * The log of a volume: two files written in turn, so that one can be emptied while the other grows
 * (formats: {@link LogHeader}, {@link LogRecord}, {@link LogScan}).
 *
 * <p>Invariants:
 *
 * <ol>
 *   <li>The active file is the one of the higher generation if that has records, else the lower.
 *   <li>A file is emptied only once all its records are durable in the base file, or void.
 *   <li>A file's records are overwritten only after its new header is durable.
 *   <li>A record that failed to be written leaves the tail where it was.
 *   <li>A rollback is recorded before anything else is.
 * </ol>
 *
 * <p>Appending is guarded by the volume's lock; {@link #sync} and {@link #recycle} run beside it.
 */
final class EpochLog implements Closeable {
  /** Writes at most this long go to the file in one call together with their header. */
  private static final int STAGING_BYTES = 16 << 10;

  private final long volumeBytes;
  private final long switchBytes;
  private final LogFile[] files = new LogFile[2];
  private final ByteBuffer staging = ByteBuffer.allocateDirect(STAGING_BYTES);
  private final CRC32C crc = new CRC32C();
  private LogFile active;
  private LogFile standby;
  private long generationMax;
  private long rollbackOwed = -1;

  /**
   * @param switchBytes size above which the other file is used from the next epoch on
   */
  EpochLog(BlockFile file0, BlockFile file1, long volumeBytes, long switchBytes)
      throws IOException {
    this.volumeBytes = volumeBytes;
    this.switchBytes = switchBytes;
    LogFile found0 = LogFile.find(0, file0);
    LogFile found1 = LogFile.find(1, file1);
    this.generationMax = Math.max(generation(found0), generation(found1));
    LogHeader newest = newest(found0, found1);
    if (newest.volumeBytes() != volumeBytes) {
      throw new IOException(
          "volume of "
              + volumeBytes
              + " bytes, but its log is of one of "
              + newest.volumeBytes()
              + "; put the matching base file back or delete the log");
    }
    files[0] = found0 != null ? found0 : LogFile.create(0, file0, successor(newest));
    files[1] = found1 != null ? found1 : LogFile.create(1, file1, successor(newest));
    for (LogFile file : files) {
      if (file.generation() < newest.oldestValid()) {
        // A restart was cut short after its first header, which is the one that counts.
        empty(file, successor(newest));
      }
    }
    boolean inOrder = files[0].generation() < files[1].generation();
    active = inOrder ? files[0] : files[1];
    standby = inOrder ? files[1] : files[0];
  }

  private static long generation(@Nullable LogFile log) {
    return log == null ? 0 : log.generation();
  }

  /** The header that counts: the one written last. */
  private LogHeader newest(@Nullable LogFile a, @Nullable LogFile b) {
    LogFile newest = generation(a) > generation(b) ? a : b;
    return newest == null ? new LogHeader(0, 0, 0, volumeBytes, 0) : newest.header();
  }

  /** A header for the other file beside {@code header}, saying the same. */
  private LogHeader successor(LogHeader header) {
    return new LogHeader(
        ++generationMax, header.life(), header.baseEpoch(), volumeBytes, header.oldestValid());
  }

  long life() {
    return newest(files[0], files[1]).life();
  }

  long baseEpoch() {
    return newest(files[0], files[1]).baseEpoch();
  }

  LogFile file(int index) {
    return files[index];
  }

  /** Reads what the log holds; to be called before anything is appended. */
  LogScan scan() throws IOException {
    LogScan scan = new LogScan(volumeBytes, baseEpoch());
    scan.read(active, standby);
    return scan;
  }

  /** Appends a write; returns the extent that leads to its content. */
  Extent appendWrite(long epoch, long offset, ByteBuffer payload) throws IOException {
    int length = payload.remaining();
    settleRollback();
    long position = append(LogRecord.Type.WRITE, epoch, offset, length, payload);
    return new Extent(offset, length, active.index(), position + LogRecord.HEADER_BYTES);
  }

  /** Appends that a range became zeroes. */
  Extent appendZero(long epoch, long offset, long length, boolean deallocate) throws IOException {
    settleRollback();
    append(deallocate ? LogRecord.Type.TRIM : LogRecord.Type.ZERO, epoch, offset, length, null);
    return new Extent(offset, length, deallocate ? Extent.TRIM : Extent.ZERO, 0);
  }

  /** Appends that everything up to {@code epoch} precedes; durable after {@link #sync}. */
  void appendPrepared(long epoch) throws IOException {
    settleRollback();
    append(LogRecord.Type.PREPARED, epoch, 0, 0, null);
  }

  /**
   * Notes that records of epochs after {@code epoch} are void. Needs no space, hence cannot fail.
   */
  void oweRollback(long epoch) {
    if (Math.max(active.newestEpoch(), standby.newestEpoch()) > epoch) {
      rollbackOwed = rollbackOwed < 0 ? epoch : Math.min(rollbackOwed, epoch);
    }
  }

  boolean owesRollback() {
    return rollbackOwed >= 0;
  }

  /** Writes the rollback owed, if any. */
  void settleRollback() throws IOException {
    if (rollbackOwed >= 0) {
      append(LogRecord.Type.ROLLBACK, rollbackOwed, 0, 0, null);
      rollbackOwed = -1;
    }
  }

  private long append(
      LogRecord.Type type, long epoch, long offset, long length, @Nullable ByteBuffer payload)
      throws IOException {
    if (active.records() == 0) {
      boolean continued = standby.records() > 0;
      appendRecord(
          LogRecord.Type.START,
          0,
          continued ? standby.generation() : 0,
          continued ? standby.records() : 0,
          null);
    }
    return appendRecord(type, epoch, offset, length, payload);
  }

  private long appendRecord(
      LogRecord.Type type, long epoch, long offset, long length, @Nullable ByteBuffer payload)
      throws IOException {
    LogFile log = active;
    long position = log.tail();
    LogRecord.encode(
        staging, type, log.generation(), log.records(), epoch, offset, length, payload, crc);
    int payloadBytes = payload == null ? 0 : payload.remaining();
    if (payload != null && payloadBytes <= staging.capacity() - LogRecord.HEADER_BYTES) {
      staging.limit(staging.capacity()).put(payload);
    } else if (payload != null) {
      log.file().write(position + LogRecord.HEADER_BYTES, payload);
    }
    log.file().write(position, staging.flip());
    log.appended(LogRecord.next(position, type, payloadBytes), epoch);
    return position;
  }

  /** At an epoch boundary: goes on in the other file if this one is large and that one is empty. */
  void switchIfLarge() {
    if (active.tail() > switchBytes && standby.records() == 0) {
      LogFile full = active;
      active = standby;
      standby = full;
    }
  }

  /** Makes all records appended before the call durable. */
  void sync() throws IOException {
    files[0].syncIfWritten();
    files[1].syncIfWritten();
  }

  /** Whether the file not written to is full of records that {@code appliedEpoch} made useless. */
  boolean canRecycle(long appliedEpoch) {
    return standby.records() > 0 && standby.newestEpoch() <= appliedEpoch;
  }

  /**
   * Empties the file not written to, on disk. Everything up to {@code appliedEpoch} must be durable
   * in the base file. Called without the volume's lock, from one thread.
   *
   * @return to be handed to {@link #recycled} under the lock; until then the file counts as in use
   */
  LogHeader recycle(long appliedEpoch) throws IOException {
    LogHeader next =
        new LogHeader(++generationMax, life(), appliedEpoch, volumeBytes, active.generation());
    standby.writeHeader(next, switchBytes);
    return next;
  }

  /** Makes the emptied file available. */
  void recycled(LogHeader header) {
    standby.emptied(header);
  }

  /**
   * Empties both files: the base file holds everything, at {@code epoch} of {@code life}. Takes
   * effect as a whole with the first of the two headers, which declares what the other file holds
   * to be void.
   */
  void restart(long life, long epoch) throws IOException {
    long generation = ++generationMax;
    LogHeader first = new LogHeader(generation, life, epoch, volumeBytes, generation);
    empty(standby, first);
    empty(active, successor(first));
    LogFile newer = active;
    active = standby;
    standby = newer;
    rollbackOwed = -1;
  }

  private void empty(LogFile log, LogHeader header) throws IOException {
    log.writeHeader(header, switchBytes);
    log.emptied(header);
  }

  @Override
  public void close() throws IOException {
    try {
      files[0].file().close();
    } finally {
      files[1].file().close();
    }
  }
}
