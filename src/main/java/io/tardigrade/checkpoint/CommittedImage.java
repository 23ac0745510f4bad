package io.tardigrade.checkpoint;

import io.tardigrade.checkpoint.RedoRecord.Header;
import io.tardigrade.checkpoint.Slot.Phase;
import java.io.Closeable;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * A guest's memory and device state at its newest committed epoch, in a folder that outlives
 * whichever process works on it. Changed atomically: a checkpoint is staged as a redo record,
 * sealed (the commit point) and only then applied.
 *
 * <pre>
 *   state           sizes, incarnation, marker of lost protection ({@link ImageState})
 *   ram-N, crc-N    RAM of incarnation N, a checksum per page ({@link CommittedRam})
 *   redo-a, redo-…  redo records ({@link RedoRecord})
 *   lock            held by the process that has the image open
 * </pre>
 *
 * <p>Invariants. A process killed between any two stores leaves an image that {@link #open} brings
 * to the newest sealed epoch:
 *
 * <ol>
 *   <li>RAM holds the newest applied epoch, or that one with part of the next sealed record's pages
 *       over it; it is touched by the application of sealed records, and by the repair of pages
 *       that are not what was committed, only.
 *   <li>The device state of the committed epoch is the one in its record, which stays in its slot
 *       until the next epoch is sealed.
 *   <li>A record is unsealed before anything of it is overwritten, and only when its pages are in
 *       RAM and a newer one is sealed.
 *   <li>Nothing is stored where no space was allocated before; what a guest needs to go on is
 *       allocated at creation.
 * </ol>
 *
 * <p>Threads: one stages, one seals and applies; every other method may be called by any.
 */
public final class CommittedImage implements Closeable {
  /** Bytes in a page of guest memory. */
  public static final int PAGE_BYTES = Geometry.PAGE_BYTES;

  private static final int SLOTS = 2;

  /** Redo records of some seconds of an ordinary guest. */
  private static final long SPACE_BESIDE_RAM_BYTES = 64L << 20;

  private final Storage storage;
  private final ImageState state;
  private final List<Slot> slots;

  /** Held while RAM changes or is checked; taken before the image's own lock. */
  private final Object ramLock = new Object();

  private @Nullable CommittedRam ram;
  private ImageState.Root root;
  private @Nullable Slot committed;
  private long committedEpoch;
  private boolean closed;

  private CommittedImage(ImageParts parts) {
    this.storage = parts.storage();
    this.state = parts.state();
    this.slots = parts.slots();
    this.ram = parts.ram();
    this.root = parts.root();
    this.committed = parts.committed();
    this.committedEpoch = parts.committedEpoch();
  }

  /**
   * Makes an image in {@code dir}, which is created where missing. All of RAM gets its space at
   * once. What a creation that was cut short has left is replaced; on failure nothing is left.
   *
   * @param ramBytes a positive multiple of 4096
   * @throws NoSpaceException when the file system has not enough
   * @throws ImageException when there is an image already
   */
  public static CommittedImage create(Path dir, long ramBytes) throws IOException {
    return create(dir, ramBytes, SLOTS);
  }

  /** As {@link #create(Path, long)}, with room for the committed epoch and 1 to 3 on their way. */
  public static CommittedImage create(Path dir, long ramBytes, int slots) throws IOException {
    Geometry geometry = Geometry.of(ramBytes);
    createFolder(dir);
    MappedStorage storage = MappedStorage.lock(dir);
    try {
      if (ImageState.isComplete(storage)) {
        throw ImageException.because("an image exists already; delete it or choose another name");
      }
    } catch (IOException e) {
      storage.close();
      throw named(dir, e);
    }
    try {
      return create(storage, geometry, slots, new SecureRandom().nextLong());
    } catch (IOException e) {
      storage.closeAndRemoveFolder();
      throw e;
    }
  }

  /**
   * Opens an image and finishes what its last user had sealed. Takes part of a millisecond, and the
   * application of the records that were not.
   *
   * @throws ImageException when there is none, it is in use, of another format version or damaged
   */
  public static CommittedImage open(Path dir) throws IOException {
    return open(dir, SLOTS);
  }

  /** As {@link #open(Path)}, with as many slots, if there is space for them. */
  public static CommittedImage open(Path dir, int slots) throws IOException {
    MappedStorage storage = MappedStorage.lock(dir);
    try {
      return open(storage, slots);
    } catch (IOException e) {
      storage.close();
      throw named(dir, e);
    }
  }

  /** The space that an image for this much guest memory takes, with some to grow in. */
  public static long bytesNeeded(long ramBytes) {
    return ramBytes + ramBytes / PAGE_BYTES * Long.BYTES + SPACE_BESIDE_RAM_BYTES;
  }

  /** Removes an image, complete or not, that no process has open. */
  public static void delete(Path dir) throws IOException {
    MappedStorage storage = MappedStorage.lock(dir);
    try {
      ImageParts.delete(storage);
    } catch (IOException e) {
      storage.close();
      throw e;
    }
    storage.closeAndRemoveFolder();
  }

  private static void createFolder(Path dir) throws IOException {
    try {
      Files.createDirectories(dir);
    } catch (FileAlreadyExistsException e) {
      throw ImageException.because("cannot put an image at " + dir + ": a file is in the way");
    }
  }

  private static IOException named(Path dir, IOException e) {
    return e instanceof ImageException ? ImageException.because(dir + ": " + e.getMessage()) : e;
  }

  static CommittedImage create(Storage storage, Geometry geometry, int slotCount, long imageId)
      throws IOException {
    return new CommittedImage(ImageParts.create(storage, geometry, slotCount, imageId));
  }

  static CommittedImage open(Storage storage, int slots) throws IOException {
    return new CommittedImage(ImageParts.open(storage, slots));
  }

  /**
   * The file with the guest's memory, to be mapped privately; another one after a reset. Only this
   * process's user may read it as it is made: owner and mode are for the caller to change.
   */
  public synchronized Path ramFile() {
    return storage.path(ramInUse().ramName());
  }

  /** Bytes of guest memory. */
  public long ramBytes() {
    return state.geometry().ramBytes();
  }

  /** Pages of guest memory. */
  public long ramPages() {
    return state.geometry().ramPages();
  }

  long deviceBytesMax() {
    return state.geometry().deviceBytesMax();
  }

  /** The newest committed epoch; 0 where nothing was ever committed. */
  public synchronized long committedEpoch() {
    return committedEpoch;
  }

  /**
   * Whether the guest must boot cold: nothing is committed since creation or the last {@link
   * #reset}, or an epoch without device state.
   */
  public synchronized boolean isCold() {
    return committed == null || committed.header == null || committed.header.deviceBytes() == 0;
  }

  /** A copy of the device state of the committed epoch; empty where the image is cold. */
  public synchronized MemorySegment deviceState() {
    checkOpen();
    if (committed == null || committed.header == null) {
      return MemorySegment.NULL;
    }
    MemorySegment stored = committed.record.deviceState(committed.header.deviceBytes());
    return Arena.ofAuto().allocate(stored.byteSize(), Long.BYTES).copyFrom(stored);
  }

  /** What the caller stored with the committed epoch or with the reset; empty where nothing. */
  public synchronized byte[] marks() {
    checkOpen();
    if (committed == null || committed.header == null) {
      return root.marks().toArray(ValueLayout.JAVA_BYTE);
    }
    return committed.record.marks(committed.header.marksBytes()).toArray(ValueLayout.JAVA_BYTE);
  }

  /**
   * Begins a checkpoint.
   *
   * @param epoch newer than every epoch committed or being staged
   * @return null while no slot is free: until the checkpoint before last is applied and the last
   *     one sealed; {@link #awaitSlot} waits for that
   */
  public synchronized @Nullable Staging beginStaging(long epoch) {
    checkOpen();
    ramInUse();
    long newest = committedEpoch;
    for (Slot slot : slots) {
      newest = Math.max(newest, slot.staging == null ? 0 : slot.staging.epoch());
    }
    checkEpoch(epoch, newest);
    Slot slot = freeSlot();
    if (slot == null) {
      return null;
    }
    slot.record.unseal();
    slot.header = null;
    slot.phase = Phase.STAGING;
    Staging staging = new Staging(this, slot, epoch);
    slot.staging = staging;
    return staging;
  }

  /** Waits until {@link #beginStaging} would find a slot; false when it took too long. */
  public synchronized boolean awaitSlot(long timeoutNanos) throws InterruptedException {
    long deadline = System.nanoTime() + timeoutNanos;
    while (freeSlot() == null) {
      checkOpen();
      long left = deadline - System.nanoTime();
      if (left <= 0) {
        return false;
      }
      TimeUnit.NANOSECONDS.timedWait(this, left);
    }
    return true;
  }

  private @Nullable Slot freeSlot() {
    for (Slot slot : slots) {
      if (slot.phase == Phase.FREE || (slot.phase == Phase.APPLIED && slot != committed)) {
        return slot;
      }
    }
    return null;
  }

  /**
   * The commit point: when this returns, the checkpoint survives whatever happens to the process.
   * Checkpoints are sealed in the order of their epochs. Ends {@link #unprotectedSince}.
   */
  public void seal(Staging staging) {
    Slot slot = staging.slot();
    Header header;
    synchronized (this) {
      checkStaging(staging);
      for (Slot other : slots) {
        if (other.phase == Phase.STAGING
            && other.staging != null
            && other.staging.epoch() < staging.epoch()) {
          throw new IllegalStateException(
              "epoch " + staging.epoch() + " sealed before epoch " + other.staging.epoch());
        }
      }
      header = staging.header(committedEpoch, root.incarnation());
    }
    slot.record.seal(header);
    synchronized (this) {
      slot.header = header;
      slot.phase = Phase.SEALED;
      committed = slot;
      committedEpoch = header.epoch();
      notifyAll();
    }
  }

  /**
   * Copies a sealed checkpoint into RAM; the oldest first. Should giving back unused space fail,
   * the checkpoint is applied nonetheless.
   */
  public void apply(Staging staging) throws IOException {
    Slot slot = staging.slot();
    synchronized (ramLock) {
      Header header;
      CommittedRam target;
      synchronized (this) {
        checkOpen();
        header = oldestSealed();
        if (slot.staging != staging || header == null || !header.equals(slot.header)) {
          throw new IllegalStateException(
              "epoch " + staging.epoch() + " is not the oldest sealed one");
        }
        target = ramInUse();
      }
      target.apply(slot, header);
      state.storeApplied(header.epoch());
      try {
        slot.shrink(header.pageCount(), header.deviceBytes());
      } finally {
        release(slot, Phase.APPLIED);
      }
    }
  }

  private @Nullable Header oldestSealed() {
    Header oldest = null;
    for (Slot slot : slots) {
      Header header = slot.header;
      if (slot.phase == Phase.SEALED
          && header != null
          && (oldest == null || header.epoch() < oldest.epoch())) {
        oldest = header;
      }
    }
    return oldest;
  }

  private synchronized void release(Slot slot, Phase phase) {
    slot.phase = phase;
    slot.staging = null;
    notifyAll();
  }

  void abandon(Staging staging) throws IOException {
    checkStaging(staging);
    Slot slot = staging.slot();
    try {
      slot.shrink(staging.pageCount(), 0);
    } finally {
      release(slot, Phase.FREE);
    }
  }

  /**
   * Commits, as {@code epoch}, that the guest boots anew: gives up memory and device state at once
   * and makes a new file of zeros for RAM. A dying hypervisor may have the old one mapped, and
   * keeps its space until it is gone: end it first where space is short. No checkpoint may be in
   * the making.
   *
   * @param marks up to 4 KiB, as with a checkpoint
   * @throws NoSpaceException the reset is committed but there is no RAM file; reset again, with a
   *     later epoch, or open the image again, when there is space
   */
  public void reset(long epoch, byte[] marks) throws IOException {
    checkMarks(marks.length);
    synchronized (ramLock) {
      synchronized (this) {
        checkOpen();
        checkEpoch(epoch, committedEpoch);
        if (slots.stream().anyMatch(slot -> slot.staging != null)) {
          throw new IllegalStateException("a checkpoint is in the making during the reset");
        }
        ImageState.Root next =
            new ImageState.Root(
                root.incarnation() + 1, epoch, MemorySegment.ofArray(marks.clone()));
        state.storeRoot(next);
        root = next;
        committed = null;
        committedEpoch = epoch;
        for (Slot slot : slots) {
          slot.record.unseal();
          slot.header = null;
          slot.phase = Phase.FREE;
        }
        if (ram != null) {
          ram.close();
          ram = null;
        }
        CommittedRam.deleteOthers(storage, 0);
        ram = CommittedRam.create(storage, state.geometry(), next.incarnation());
        notifyAll();
      }
    }
  }

  /**
   * Notes, even on a full file system, that the guest runs on without being protected since {@code
   * epoch}, so that nobody resumes the committed epoch as if nothing of it had been seen.
   *
   * @param epoch newer than the committed one
   */
  public synchronized void setUnprotected(long epoch) {
    checkOpen();
    checkEpoch(epoch, committedEpoch);
    state.storeUnprotected(epoch);
  }

  /** The epoch since which the guest is unprotected; 0 where it is protected. */
  public synchronized long unprotectedSince() throws ImageException {
    checkOpen();
    long since = state.unprotected();
    return since > committedEpoch ? since : 0;
  }

  /**
   * The first page of a range of RAM that differs from what was committed, -1 where none does.
   * Waits while a checkpoint is applied, and the other way round: check in small ranges.
   */
  public long firstDamagedPage(long fromPage, long toPage) {
    if (fromPage < 0 || toPage > ramPages()) {
      throw new IndexOutOfBoundsException(
          "pages " + fromPage + " to " + toPage + ", guest memory has " + ramPages());
    }
    synchronized (ramLock) {
      CommittedRam checked;
      synchronized (this) {
        checkOpen();
        checked = ramInUse();
      }
      return checked.firstDamagedPage(fromPage, toPage);
    }
  }

  /**
   * Whether {@code contents} is what was committed of a page. May wait as {@link
   * #firstDamagedPage}.
   */
  public boolean matches(long page, MemorySegment contents) {
    synchronized (ramLock) {
      return ramChecked(page).isSum(page, CommittedRam.sum(contents));
    }
  }

  /**
   * Looks for copies of a page that are what was committed. Exact only while no checkpoint is
   * between its seal and the end of its application.
   *
   * @param guest the guest's own copy, or null where it has none or has written it since
   */
  public PageHealth examine(long page, @Nullable MemorySegment guest) {
    synchronized (ramLock) {
      synchronized (this) {
        return new PageMender(ramChecked(page), slots).examine(page, guest);
      }
    }
  }

  /**
   * Puts a page of the image right where it is not, and returns its right contents, for the guest.
   * Cut short by the end of the process it leaves a page that is found damaged again.
   *
   * @throws IllegalStateException where {@code source} does not have them
   */
  public MemorySegment repair(long page, PageHealth.Source source, @Nullable MemorySegment guest) {
    synchronized (ramLock) {
      synchronized (this) {
        return new PageMender(ramChecked(page), slots).repair(page, source, guest);
      }
    }
  }

  /** Takes the image's page for right and stores its checksum anew. */
  public void renewChecksum(long page) {
    synchronized (ramLock) {
      ramChecked(page).renewChecksum(page);
    }
  }

  /** Copies whole pages of the image, as many as fit. May wait as {@link #firstDamagedPage}. */
  public void read(long firstPage, MemorySegment into) {
    synchronized (ramLock) {
      for (long done = 0; done < into.byteSize(); done += PAGE_BYTES) {
        long page = firstPage + done / PAGE_BYTES;
        into.asSlice(done, PAGE_BYTES).copyFrom(ramChecked(page).page(page));
      }
    }
  }

  /** Where a page of the image lies in this process, to ask the kernel about it. */
  public long pageAddress(long page) {
    synchronized (ramLock) {
      return ramChecked(page).page(page).address();
    }
  }

  private synchronized CommittedRam ramChecked(long page) {
    if (page < 0 || page >= ramPages()) {
      throw new IndexOutOfBoundsException("page " + page + ", guest memory has " + ramPages());
    }
    return ramInUse();
  }

  synchronized void checkStaging(Staging staging) {
    checkOpen();
    Slot slot = staging.slot();
    if (slot.staging != staging || slot.phase != Phase.STAGING) {
      throw new IllegalStateException("epoch " + staging.epoch() + " is not being staged any more");
    }
  }

  static void checkMarks(long bytes) {
    if (bytes > Geometry.MARKS_BYTES_MAX) {
      throw new IllegalArgumentException(
          "marks of " + bytes + " bytes, at most " + Geometry.MARKS_BYTES_MAX + " can be kept");
    }
  }

  private static void checkEpoch(long epoch, long newest) {
    if (epoch <= newest || epoch > CheckedWord.EPOCH_MAX) {
      throw new IllegalArgumentException(
          "epoch " + epoch + ", expected is one from " + (newest + 1) + " on");
    }
  }

  /** Stores what differs of the first pages of RAM, of an image in which nothing is committed. */
  void equaliseRam(MemorySegment memory) {
    synchronized (ramLock) {
      synchronized (this) {
        if (committed != null) {
          throw new IllegalStateException("epoch " + committedEpoch + " is committed in it");
        }
        ramInUse().equalise(memory);
      }
    }
  }

  /** Becomes equal to an image with as much RAM; nothing may be committed in this one yet. */
  void becomeEqual(CommittedImage source) throws IOException {
    synchronized (ramLock) {
      synchronized (this) {
        if (committed != null) {
          throw new IllegalStateException("epoch " + committedEpoch + " is committed in it");
        }
        ramInUse().equalise(source.ramInUse());
      }
    }
    Staging staging = Objects.requireNonNull(beginStaging(source.committedEpoch()));
    staging.deviceState(source.deviceState());
    staging.marks(MemorySegment.ofArray(source.marks()));
    seal(staging);
    apply(staging);
  }

  private synchronized CommittedRam ramInUse() {
    checkOpen();
    if (ram == null) {
      throw new IllegalStateException("image has no RAM file since a reset found no space");
    }
    return ram;
  }

  private void checkOpen() {
    if (closed) {
      throw new IllegalStateException("image is closed");
    }
  }

  /**
   * Unmaps everything, leaving the files for the next {@link #open}. Segments handed out by
   * stagings must not be used any more.
   */
  @Override
  public void close() throws IOException {
    synchronized (ramLock) {
      synchronized (this) {
        if (closed) {
          return;
        }
        closed = true;
        notifyAll();
        if (ram != null) {
          ram.close();
        }
        slots.forEach(slot -> slot.file.close());
        state.close();
        storage.close();
      }
    }
  }
}
