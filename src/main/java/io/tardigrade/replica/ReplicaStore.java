package io.tardigrade.replica;

import io.tardigrade.block.VolumeSet;
import io.tardigrade.checkpoint.CommittedImage;
import io.tardigrade.checkpoint.Staging;
import io.tardigrade.replica.StoreState.Phase;
import io.tardigrade.replication.EpochId;
import io.tardigrade.replication.MemberStore;
import io.tardigrade.replication.PageCodec;
import io.tardigrade.replication.StoreFullException;
import io.tardigrade.replication.WireException;
import java.io.Closeable;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A guest's replica on this host: its committed image and volumes at one epoch, and a file for each
 * sealed epoch above it. The same for a backup, which gets epochs from the primary, and for the
 * primary, which {@link #capture captures} them.
 *
 * <pre>
 *   base ≤ contents ≤ newest
 *     │        │         └ the last sealed epoch: where a takeover goes on
 *     │        └ what image and volumes hold: past the base only where the guest runs or has run
 *     └ committed, as far as this host was told
 * </pre>
 *
 * <p>Invariants. A process that ends between any two steps leaves a store that {@link #open} finds
 * with the same base, contents and tail as before or after the call that was cut short:
 *
 * <ol>
 *   <li>Contents go from epoch to epoch as a whole ({@link Contents}), and say themselves which
 *       they are.
 *   <li>That the contents go past the base is on record before they do.
 *   <li>An epoch's file is deleted only once it is in the base, or given up.
 *   <li>That contents are not whole is on record before any of them is overwritten.
 * </ol>
 *
 * <p>One thread. A failure that is not one of space is an {@link UncheckedIOException}: nothing
 * more can be promised then, and the process is to end.
 */
public final class ReplicaStore implements MemberStore, Closeable {
  /** The most bytes of marks that a guardian may keep with an epoch. */
  public static final int MARKS_BYTES_MAX = StateSpace.MARKS_BYTES_MAX;

  private static final int UNITS_AT_ONCE = 64;

  private final ReplicaFiles files;
  private final long life;
  private final UnitMap map;
  private final Runnable step;
  private final Tail tail;
  private final PartReader reader = new PartReader();
  private final EpochEncoder encoder;
  private final UnitDigests digests = new UnitDigests();
  private final byte[] unitBytes = new byte[PageCodec.UNIT_BYTES];
  private @Nullable StoreState state;
  private @Nullable Contents contents;
  private EpochId base = EpochId.NONE;
  private boolean whole;

  private ReplicaStore(ReplicaFiles files, long life, Runnable step) throws IOException {
    this.files = files;
    this.life = life;
    this.map = files.map();
    this.encoder = new EpochEncoder(map);
    this.step = step;
    Files.createDirectories(files.folder());
    this.tail = new Tail(files.folder(), life);
  }

  /**
   * Opens what this host holds of a guest; nothing, where it holds none or that of another life.
   *
   * @param life which run of which guest, the same on each host: another one whenever a guest is
   *     started afresh, for its epochs are then counted anew
   * @throws IOException where what is there cannot be used; it names the file and says what to do
   */
  public static ReplicaStore open(ReplicaFiles files, long life) throws IOException {
    return open(files, life, () -> {});
  }

  static ReplicaStore open(ReplicaFiles files, long life, Runnable step) throws IOException {
    ReplicaStore store = new ReplicaStore(files, life, step);
    try {
      store.find();
      return store;
    } catch (IOException | RuntimeException e) {
      store.close();
      throw e;
    }
  }

  /**
   * Makes the first replica of a guest out of the image and the volumes that it has here, or of
   * ones of zeroes where there is no image: it was never run.
   */
  public static ReplicaStore found(ReplicaFiles files, long life) throws IOException {
    return found(files, life, () -> {});
  }

  static ReplicaStore found(ReplicaFiles files, long life, Runnable step) throws IOException {
    ReplicaStore store = new ReplicaStore(files, life, step);
    try {
      store.tail.clear();
      store.take(
          Files.isDirectory(files.image())
              ? Contents.open(files, step)
              : Contents.create(files, true, step));
      return store;
    } catch (IOException | RuntimeException e) {
      store.close();
      throw e;
    }
  }

  private void take(Contents there) throws IOException {
    contents = there;
    base = there.id();
    state = StoreState.create(files.folder(), life, Phase.WHOLE);
    whole = true;
  }

  /** Begins anew from the disks that are here, for no host holds the guest's memory: it boots. */
  public void foundFromDisks() {
    Contents before = contents;
    Unexpected.act(() -> {
      tail.clear();
      if (before != null) {
        before.close();
      }
      take(Contents.create(files, true, step));
    });
  }

  private void find() throws IOException {
    StoreState found = StoreState.open(files.folder(), life);
    state = found;
    if (found == null || !Files.isDirectory(files.image())) {
      tail.clear();
      return;
    }
    if (found.phase() == Phase.NOT_WHOLE) {
      tail.clear();
      try {
        contents = Contents.open(files, step);
      } catch (IOException e) {
        // It is to be synchronised in any case: nothing is kept, hence all of it is sent.
        contents = null;
      }
      return;
    }
    Contents there = Contents.open(files, step);
    contents = there;
    base = found.phase() == Phase.AHEAD ? found.base() : there.id();
    tail.find(base, map);
    if (!base.equals(there.id()) && tail.indexOf(there.id()) < 0) {
      throw new IOException(
          files.image()
              + " holds epoch "
              + there.id()
              + ", which does not follow "
              + base
              + "; keep it for diagnosis, or remove it and "
              + files.folder()
              + " to have this host synchronised anew");
    }
    whole = true;
  }

  private void record(Phase phase) throws IOException {
    StoreState before = state;
    if (before != null) {
      step.run();
      state = before.next(phase, base);
      step.run();
    }
  }

  private Contents filled() {
    Contents there = contents;
    if (there == null) {
      throw new IllegalStateException("nothing of the guest is kept here");
    }
    return there;
  }

  @Override
  public boolean isWhole() {
    return whole;
  }

  @Override
  public EpochId base() {
    return base;
  }

  @Override
  public EpochId contents() {
    Contents there = contents;
    return there == null || !whole ? base : there.id();
  }

  @Override
  public List<EpochId> tail() {
    return tail.ids();
  }

  /** The newest sealed epoch. */
  public EpochId newest() {
    return tail.epochs().isEmpty() ? base : tail.epochs().getLast().id();
  }

  // --- epochs come, and are committed -----------------------------------------------------------

  @Override
  public void stage(EpochId id, int part, ByteBuffer payload)
      throws StoreFullException, WireException {
    Tail.Epoch staged = tail.staged();
    BitSet earlier = part == 0 || staged == null ? new BitSet() : staged.pages;
    PartCheck check = new PartCheck(map, earlier);
    try {
      reader.read(payload, check);
      append(id, part, payload, check.pages());
    } catch (IOException e) {
      throw Contents.full(e);
    }
  }

  private void append(EpochId id, int part, ByteBuffer payload, BitSet pages) throws IOException {
    Tail.Epoch staged = part == 0 ? tail.stage(id) : tail.staged();
    if (staged == null || !staged.id().equals(id) || staged.file.parts() != part) {
      throw new IllegalStateException("part " + part + " of " + id + " is staged out of order");
    }
    step.run();
    staged.file.append(payload);
    staged.pages.or(pages);
    step.run();
  }

  @Override
  public void seal(EpochId id) {
    Tail.Epoch staged = tail.staged();
    if (staged == null || !staged.id().equals(id)) {
      throw new IllegalStateException("epoch " + id + " is sealed and was not staged");
    }
    Unexpected.act(() -> tail.seal(staged, newest(), step));
    step.run();
  }

  @Override
  public void unstage() {
    Unexpected.act(tail::unstage);
  }

  @Override
  public void commit(EpochId id) throws StoreFullException {
    if (id.equals(base)) {
      return;
    }
    if (tail.indexOf(id) < 0) {
      throw new IllegalStateException(
          "epoch " + id + " is to be committed, there are " + tail.ids() + " above " + base);
    }
    Contents there = filled();
    while (!base.equals(id)) {
      Tail.Epoch next = tail.epochs().getFirst();
      if (there.id().equals(base)) {
        fold(there, next);
      }
      base = next.id();
      tail.fold();
      if (state != null && state.phase() == Phase.AHEAD) {
        Unexpected.act(() -> record(base.equals(there.id()) ? Phase.WHOLE : Phase.AHEAD));
      }
    }
    throwLack(there);
  }

  private static void throwLack(Contents there) throws StoreFullException {
    StoreFullException lack = there.takeLack();
    if (lack != null) {
      throw lack;
    }
  }

  private void fold(Contents there, Tail.Epoch epoch) throws StoreFullException {
    Captured captured = epoch.captured;
    if (captured != null) {
      there.fold(epoch.id(), captured);
      epoch.captured = null;
      return;
    }
    try {
      there.fold(epoch.id(), epoch.pages.cardinality(), sink -> Tail.read(epoch, reader, sink));
    } catch (WireException e) {
      // It was looked through when it came.
      throw new UncheckedIOException(epoch.file.damaged(String.valueOf(e.getMessage())));
    }
  }

  /**
   * Brings the contents to the newest epoch, which may not be committed: the guest is to run from
   * there, and there is no way back. Called before a reign begins, and after the hypervisor failed;
   * no guest runs.
   *
   * @throws StoreFullException it came as far as there was room
   */
  public void bringToNewest() throws StoreFullException {
    Contents there = filled();
    int first = there.id().equals(base) ? 0 : tail.indexOf(there.id()) + 1;
    List<Tail.Epoch> missing = tail.epochs().subList(first, tail.epochs().size());
    if (missing.isEmpty()) {
      return;
    }
    Unexpected.act(() -> record(Phase.AHEAD));
    for (Tail.Epoch epoch : missing) {
      fold(there, epoch);
    }
    throwLack(there);
  }

  @Override
  public void truncateAfter(EpochId id) {
    Contents there = filled();
    int keep = id.equals(base) ? 0 : tail.indexOf(id) + 1;
    if (keep == 0 && !id.equals(base)) {
      throw new IllegalStateException("epoch " + id + " is neither " + base + " nor above it");
    }
    Unexpected.act(() -> {
      if (whole && tail.indexOf(there.id()) >= keep) {
        whole = false;
        record(Phase.NOT_WHOLE);
      }
      while (tail.epochs().size() > keep) {
        drop(tail.removeLast());
        step.run();
      }
    });
  }

  private static void drop(Tail.Epoch epoch) throws IOException {
    Captured captured = epoch.captured;
    epoch.captured = null;
    if (captured != null) {
      captured.staging().abandon();
    }
  }

  @Override
  public int parts(EpochId id) {
    return tail.known(id).file.parts();
  }

  @Override
  public long bytes(EpochId id) {
    return tail.known(id).file.bytes();
  }

  @Override
  public ByteBuffer part(EpochId id, int part) {
    try {
      return Tail.part(tail.known(id), part);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  public void forget(EpochId id) {
    Unexpected.act(() -> tail.forget(id));
    step.run();
  }

  // --- the guest runs here ----------------------------------------------------------------------

  /** The image, for whoever runs the guest here: to be mapped, and to stage epochs in. */
  public CommittedImage image() {
    return filled().image();
  }

  /** The volumes, for whoever runs the guest here. */
  public VolumeSet volumes() {
    return filled().volumes();
  }

  /** The device state and marks of the {@link #contents}; empty where the guest is to boot. */
  public MemorySegment deviceState() {
    return filled().state().device();
  }

  /** The guardian's marks of the {@link #contents}. */
  public byte[] marks() {
    return filled().state().marks();
  }

  /** The number with which image, volumes and output are to end the guest's next epoch. */
  public long nextNumber() {
    return filled().nextNumber();
  }

  /**
   * Takes an epoch of the guest that runs here and stages its parts, to be sealed next. The volumes
   * have been closed with the staging's number. The staging is the store's from then on; where this
   * fails it is to be abandoned by the caller, and its pages are part of the next epoch.
   *
   * @param staging holds the pages that changed
   * @param marks at most {@link #MARKS_BYTES_MAX}
   * @throws StoreFullException with nothing kept
   */
  public void capture(EpochId id, Staging staging, MemorySegment device, byte[] marks)
      throws StoreFullException {
    Contents there = filled();
    StateSpace now = StateSpace.of(device, marks);
    try {
      staging.deviceState(device);
      staging.marks(MemorySegment.ofArray(EpochMarks.encode(marks, id)));
      BitSet pages = new BitSet();
      int[] parts = new int[1];
      encoder.encode(
          there,
          inFlight(there),
          new Captured(staging, now),
          pages,
          part -> append(id, parts[0]++, part, pages));
    } catch (IOException e) {
      unstage();
      throw Contents.full(e);
    }
    Tail.Epoch staged = tail.staged();
    if (staged != null) {
      staged.captured = new Captured(staging, now);
    }
  }

  /** Epochs that the contents do not hold: all were captured here. */
  private List<Tail.Epoch> inFlight(Contents there) {
    List<Tail.Epoch> above = new ArrayList<>(tail.epochs());
    above.subList(0, there.id().equals(base) ? 0 : tail.indexOf(there.id()) + 1).clear();
    if (above.stream().anyMatch(epoch -> epoch.captured == null)) {
      throw new IllegalStateException("the guest runs and was not brought to the newest epoch");
    }
    return above;
  }

  /**
   * The guest that ran here runs no more, and what it did that is in no sealed epoch is dropped.
   * What is sealed stays in the tail, to be committed or given up. Where the guest is to go on here
   * at once, {@link #bringToNewest} comes before.
   */
  public void endRun() {
    Contents there = filled();
    Unexpected.act(() -> {
      for (Tail.Epoch epoch : tail.epochs()) {
        drop(epoch);
      }
    });
    there.rollBackDisks();
  }

  // --- synchronisation --------------------------------------------------------------------------

  @Override
  public long units() {
    return map.units();
  }

  @Override
  public int unitsAtOnce() {
    return UNITS_AT_ONCE;
  }

  @Override
  public ByteBuffer digests(long first, int count) {
    Contents there = contents;
    ByteBuffer out = ByteBuffer.allocate(there == null ? 0 : count * DIGEST_BYTES);
    for (int i = 0; i < count && there != null; i++) {
      digests.put(read(there, first + i), out);
    }
    return out.flip();
  }

  private byte[] read(Contents there, long unit) {
    try {
      there.read(unit, unitBytes);
      return unitBytes;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  public ByteBuffer differing(long first, int count, ByteBuffer known) {
    Contents there = filled();
    ByteBuffer out = ByteBuffer.allocate(count * PageCodec.ENTRY_BYTES_MAX);
    try (PageCodec codec = new PageCodec()) {
      for (int i = 0; i < count; i++) {
        byte[] unit = read(there, first + i);
        if (!known.hasRemaining()
            || !digests.matches(unit, known, known.position() + i * DIGEST_BYTES)) {
          codec.encode(first + i, new byte[0], unit, out);
        }
      }
    }
    return out.flip();
  }

  @Override
  public void startSync() {
    whole = false;
    Unexpected.act(() -> {
      record(Phase.NOT_WHOLE);
      for (Tail.Epoch epoch : tail.epochs()) {
        drop(epoch);
      }
      tail.clear();
    });
    step.run();
  }

  @Override
  public void rebase(EpochId id) {
    base = id;
    filled().rename(id);
  }

  @Override
  public void place(ByteBuffer units) throws StoreFullException, WireException {
    Contents there = contents;
    if (there == null) {
      there = create();
    }
    if (units.hasRemaining()) {
      there.place(UNITS_AT_ONCE, sink -> reader.readUnits(units, sink));
      throwLack(there);
    }
  }

  private Contents create() throws StoreFullException {
    try {
      state = StoreState.create(files.folder(), life, Phase.NOT_WHOLE);
      step.run();
      Contents made = Contents.create(files, false, step);
      contents = made;
      return made;
    } catch (IOException e) {
      throw Contents.full(e);
    }
  }

  @Override
  public void finishSync() throws StoreFullException {
    Contents there = filled();
    there.complete();
    throwLack(there);
    Unexpected.act(() -> record(Phase.WHOLE));
    whole = true;
  }

  @Override
  public void drop() {
    whole = false;
    base = EpochId.NONE;
    Contents there = contents;
    contents = null;
    state = null;
    Unexpected.act(() -> {
      StoreState.delete(files.folder());
      step.run();
      tail.clear();
      if (there != null) {
        there.close();
      }
      files.deleteImage();
      step.run();
      files.deleteVolumes();
    });
  }

  @Override
  public void close() throws IOException {
    reader.close();
    encoder.close();
    Contents there = contents;
    contents = null;
    if (there != null) {
      there.close();
    }
  }
}
