package io.tardigrade.replica;

import io.tardigrade.block.Volume;
import io.tardigrade.block.VolumeSet;
import io.tardigrade.checkpoint.CommittedImage;
import io.tardigrade.checkpoint.NoSpaceException;
import io.tardigrade.checkpoint.Staging;
import io.tardigrade.linux.Errno;
import io.tardigrade.linux.LinuxException;
import io.tardigrade.replication.EpochId;
import io.tardigrade.replication.StoreFullException;
import io.tardigrade.replication.WireException;
import java.io.Closeable;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * A guest's memory, device state and disks at one epoch, changed from epoch to epoch:
 *
 * <pre>
 *   disk writes ── disks prepared ── image sealed ── image applied ── disks applied
 *                                    └ from here on the epoch is there, whatever ends the process
 * </pre>
 *
 * <p>Image and disks count what is stored here with numbers of their own, which only grow, also
 * where the guest's epochs go back to follow others. Where there is no room nothing changes. One
 * thread; the guest's own disk requests run beside it.
 */
final class Contents implements Closeable {
  /** One committed, the others captured and on their way to backups. */
  private static final int SLOTS = 4;

  private static final byte[] NOTHING = new byte[0];

  private final CommittedImage image;
  private final VolumeSet volumes;
  private final UnitMap map;
  private final Runnable step;
  private final ByteBuffer block = ByteBuffer.allocateDirect(PartReader.WRITE_BYTES_MAX);
  private StateSpace state;
  private EpochId id;
  private long newest;

  private Contents(CommittedImage image, VolumeSet volumes, UnitMap map, Runnable step)
      throws IOException {
    this.image = image;
    this.volumes = volumes;
    this.map = map;
    this.step = step;
    byte[] marks = image.marks();
    this.id = EpochMarks.id(marks, image.committedEpoch());
    this.state = StateSpace.of(image.deviceState(), EpochMarks.guardians(marks));
    this.newest = Math.max(image.committedEpoch(), volumes.lastPrepared());
  }

  /**
   * Opens what is there, and brings the disks to the image's epoch.
   *
   * @param step is called between any two changes
   */
  static Contents open(ReplicaFiles files, Runnable step) throws IOException {
    VolumeSet volumes = files.openVolumes();
    CommittedImage image = null;
    try {
      image = CommittedImage.open(files.image(), SLOTS);
      if (image.ramBytes() != files.ramBytes()) {
        throw new IOException(
            files.image()
                + " holds "
                + image.ramBytes()
                + " bytes of memory, the guest has "
                + files.ramBytes());
      }
      volumes.recoverTo(image.committedEpoch());
      return new Contents(image, volumes, files.map(), step);
    } catch (IOException | RuntimeException e) {
      closeBoth(image, volumes);
      throw e;
    }
  }

  /**
   * Makes contents of zeroes; where that fails none are left.
   *
   * @param keepsDisks whether disks that are there are taken as they are, and never removed
   */
  static Contents create(ReplicaFiles files, boolean keepsDisks, Runnable step) throws IOException {
    files.deleteImage();
    VolumeSet volumes = null;
    CommittedImage image = null;
    try {
      if (!keepsDisks) {
        files.deleteVolumes();
      }
      volumes = files.beginVolumes();
      image = CommittedImage.create(files.image(), files.ramBytes(), SLOTS);
      return new Contents(image, volumes, files.map(), step);
    } catch (IOException e) {
      closeBoth(image, volumes);
      files.deleteImage();
      if (!keepsDisks) {
        files.deleteVolumes();
      }
      throw e;
    }
  }

  private static void closeBoth(@Nullable CommittedImage image, @Nullable VolumeSet volumes)
      throws IOException {
    if (image != null) {
      image.close();
    }
    if (volumes != null) {
      volumes.close();
    }
  }

  CommittedImage image() {
    return image;
  }

  VolumeSet volumes() {
    return volumes;
  }

  EpochId id() {
    return id;
  }

  /** They count as this epoch; while they are put together from several. */
  void rename(EpochId as) {
    id = as;
  }

  StateSpace state() {
    return state;
  }

  /** A number for what is stored next, in image and disks. */
  long nextNumber() {
    return ++newest;
  }

  /** The number in image and disks of what these contents are. */
  long number() {
    return image.committedEpoch();
  }

  /** Copies a unit; zeroes behind the end of a disk. */
  void read(long unit, byte[] into) throws IOException {
    if (map.isPage(unit)) {
      image.read(unit, MemorySegment.ofArray(into));
    } else if (map.isState(unit)) {
      state.read(unit - map.firstState(), into);
    } else {
      UnitMap.Block at = map.block(unit);
      Arrays.fill(into, (byte) 0);
      block.clear().limit(at.bytes());
      volumes.volumes().get(at.disk()).readCommitted(at.offset(), block);
      block.flip().get(into, 0, at.bytes());
    }
  }

  /** What is to be changed, handed to a sink. */
  @FunctionalInterface
  interface Changes {
    void handTo(PartSink sink) throws IOException, WireException;
  }

  /**
   * Becomes the epoch {@code next}.
   *
   * @param pages how many pages change
   * @throws WireException where the changes are none; nothing has changed
   */
  void fold(EpochId next, int pages, Changes changes) throws StoreFullException, WireException {
    StateSpace changed = state.copy();
    change(pages, changed, changes, changed, next);
    id = next;
  }

  /**
   * Overwrites units without becoming an epoch: they are put together from several.
   *
   * @param pages the most pages that may change
   */
  void place(int pages, Changes changes) throws StoreFullException, WireException {
    change(pages, state.copy(), changes, null, EpochId.NONE);
  }

  /** What was put together is the epoch that it counts as. */
  void complete() throws StoreFullException {
    try {
      change(0, state, sink -> {}, state, id);
    } catch (WireException e) {
      throw new IllegalStateException(e);
    }
  }

  private void change(
      int pages, StateSpace changed, Changes changes, @Nullable StateSpace kept, EpochId as)
      throws StoreFullException, WireException {
    long number = nextNumber();
    Staging staging = image.beginStaging(number);
    if (staging == null) {
      throw new IllegalStateException("epochs of the guest that runs here wait to be sealed");
    }
    try {
      staging.reserve(Math.min(pages, map.ramPages()));
      changes.handTo(new Into(staging, changed));
      step.run();
      boolean _ = volumes.closeEpoch(number);
      staging.deviceState(kept == null ? MemorySegment.ofArray(NOTHING) : kept.device());
      staging.marks(
          MemorySegment.ofArray(EpochMarks.encode(kept == null ? NOTHING : kept.marks(), as)));
      volumes.prepare(number);
      step.run();
    } catch (IOException | WireException | RuntimeException e) {
      undo(staging);
      switch (e) {
        case WireException wire -> throw wire;
        case IOException io -> throw full(io);
        case UncheckedIOException io -> throw full(Objects.requireNonNull(io.getCause()));
        default -> throw (RuntimeException) e;
      }
    }
    seal(staging);
    state = changed;
  }

  private void undo(Staging staging) {
    try {
      staging.abandon();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    volumes.rollback();
  }

  /** Becomes the epoch that was captured here as {@code next}. */
  void fold(EpochId next, Captured captured) throws StoreFullException {
    try {
      volumes.prepare(captured.staging().epoch());
    } catch (IOException e) {
      throw full(e);
    }
    step.run();
    id = next;
    state = captured.state();
    seal(captured.staging());
  }

  private void seal(Staging staging) throws StoreFullException {
    image.seal(staging);
    step.run();
    try {
      image.apply(staging);
      step.run();
      // Where there is no room in the disks' files they go on from their logs, and the next commit
      // applies what was left.
      volumes.commit(staging.epoch());
    } catch (IOException e) {
      lack = full(e);
    }
    step.run();
  }

  private @Nullable StoreFullException lack;

  /** Why what is stored could not be put in its last place, since this was asked last. */
  @Nullable StoreFullException takeLack() {
    StoreFullException last = lack;
    lack = null;
    return last;
  }

  /**
   * No room is a condition, anything else a failure.
   *
   * @throws UncheckedIOException where it is not for room
   */
  static StoreFullException full(IOException e) {
    boolean space =
        e instanceof NoSpaceException
            || (e instanceof LinuxException linux && linux.errno() == Errno.ENOSPC);
    if (!space) {
      throw new UncheckedIOException(e);
    }
    return new StoreFullException(String.valueOf(e.getMessage()));
  }

  /** The guest that ran here is gone: what it wrote that is in no epoch kept is dropped. */
  void rollBackDisks() {
    volumes.rollback();
  }

  /** Puts changes into a record of the image, the state and the disks. */
  private final class Into implements PartSink {
    private final Staging staging;
    private final StateSpace changed;

    Into(Staging staging, StateSpace changed) {
      this.staging = staging;
      this.changed = changed;
    }

    @Override
    public void read(long unit, byte[] into) throws WireException {
      checkUnit(unit);
      try {
        if (map.isState(unit)) {
          changed.read(unit - map.firstState(), into);
        } else {
          Contents.this.read(unit, into);
        }
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }

    @Override
    public void write(long unit, byte[] bytes) throws WireException {
      checkUnit(unit);
      if (map.isPage(unit)) {
        staging.add(unit, MemorySegment.ofArray(bytes));
      } else if (map.isState(unit)) {
        changed.write(unit - map.firstState(), bytes);
      } else {
        UnitMap.Block at = map.block(unit);
        try {
          written(at.disk(), at.offset(), ByteBuffer.wrap(bytes, 0, at.bytes()).slice());
        } catch (IOException e) {
          throw new UncheckedIOException(e);
        }
      }
    }

    private void checkUnit(long unit) throws WireException {
      if (unit < 0 || unit >= map.units()) {
        throw new WireException("unit " + unit + ", there are " + map.units());
      }
    }

    @Override
    public void written(int disk, long offset, ByteBuffer content) throws IOException {
      step.run();
      volume(disk).write(offset, block.clear().put(content).flip());
    }

    @Override
    public void zeroed(int disk, long offset, long bytes, boolean trimmed) throws IOException {
      step.run();
      volume(disk).writeZeroes(offset, bytes, trimmed);
    }

    private Volume volume(int disk) {
      return volumes.volumes().get(disk);
    }
  }

  @Override
  public void close() throws IOException {
    closeBoth(image, volumes);
  }
}
