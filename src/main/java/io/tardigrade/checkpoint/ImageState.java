package io.tardigrade.checkpoint;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * The file {@code state}: what belongs to no single epoch. Every change takes effect with one
 * 8-byte store into space that is allocated since creation, so it works on a full file system.
 * Little-endian:
 *
 * <pre>
 *  page 0, written once
 *     0  8  magic "TDGIMAGE", stored last: without it the image was never completed
 *     8  8  format version
 *    16  8  image id, random, in every slot too
 *    24  8  RAM bytes
 *    32  8  pages preallocated per slot
 *    40  8  device state bytes preallocated per slot
 *    48  8  device state bytes at most
 *    56  8  number of slots made with it
 *    64  8  CRC32C of bytes 8 to 64
 *  page 1, words
 *     0  8  current root: incarnation (high half), CRC32C of that root (low half)
 *     8  8  checked word: newest epoch whose pages are all in RAM
 *    16  8  checked word: the guest runs unprotected since this epoch; over once one from it on
 *           commits
 *    24  8  checked word: number of slots added since
 *  pages 2-3 root of even incarnations, pages 4-5 of odd ones
 *     0  8  incarnation, 1 at creation, one more per reset; the files ram-N and crc-N belong to it
 *     8  8  epoch at which this incarnation boots cold
 *    16  8  length of its marks
 *  4096     marks
 * </pre>
 */
final class ImageState {
  static final String NAME = "state";
  static final long VERSION = 1;
  static final int SLOTS_MAX = 4;
  static final long FILE_BYTES = 6L * Geometry.PAGE_BYTES;

  private static final long MAGIC = 0x4547414d_49474454L;
  private static final long HEADER_CRC = 64;
  private static final long CURRENT_ROOT = Geometry.PAGE_BYTES;
  private static final long APPLIED = CURRENT_ROOT + 8;
  private static final long UNPROTECTED = CURRENT_ROOT + 16;
  private static final long ADDED = CURRENT_ROOT + 24;
  private static final long ROOTS = 2L * Geometry.PAGE_BYTES;
  private static final long ROOT_BYTES = 2L * Geometry.PAGE_BYTES;
  private static final long ROOT_MARKS = Geometry.PAGE_BYTES;

  private final StorageFile file;
  private final Checksummer summer;
  private final long imageId;
  private final int slots;
  private final Geometry geometry;

  /** What a reset changes: the incarnation, the epoch at which it boots cold, and its marks. */
  record Root(long incarnation, long coldEpoch, MemorySegment marks) {}

  private ImageState(StorageFile file, long imageId, int slots, Geometry geometry) {
    this.file = file;
    this.summer = new Checksummer(file.memory());
    this.imageId = imageId;
    this.slots = slots;
    this.geometry = geometry;
  }

  /** Makes the file; the last store completes the image. */
  static ImageState create(Storage storage, long imageId, int slots, Geometry geometry)
      throws IOException {
    StorageFile file = storage.create(NAME, FILE_BYTES, new Storage.Extent(0, FILE_BYTES));
    ImageState state = new ImageState(file, imageId, slots, geometry);
    file.put(8, VERSION);
    file.put(16, imageId);
    file.put(24, geometry.ramBytes());
    file.put(32, geometry.slotPages());
    file.put(40, geometry.deviceBytes());
    file.put(48, geometry.deviceBytesMax());
    file.put(56, slots);
    file.put(HEADER_CRC, state.headerCrc());
    state.storeApplied(0);
    state.storeUnprotected(0);
    state.storeSlots(slots);
    state.storeRoot(new Root(1, 0, MemorySegment.NULL));
    file.publish(0, MAGIC);
    return state;
  }

  /** Whether {@link #create} came to its end. */
  static boolean isComplete(Storage storage) throws IOException {
    if (!storage.names().contains(NAME)) {
      return false;
    }
    try (StorageFile file = storage.open(NAME, FILE_BYTES)) {
      return file.get(0) != 0;
    }
  }

  static ImageState open(Storage storage) throws IOException {
    if (!isComplete(storage)) {
      throw ImageException.because("image was never completed; delete it and create it again");
    }
    StorageFile file = storage.open(NAME, FILE_BYTES);
    try {
      return parse(file);
    } catch (ImageException e) {
      file.close();
      throw e;
    }
  }

  private static ImageState parse(StorageFile file) throws ImageException {
    if (file.get(0) != MAGIC) {
      throw ImageException.damaged(NAME, "does not begin with TDGIMAGE");
    }
    if (file.get(8) != VERSION) {
      throw ImageException.because(
          "image has format version "
              + file.get(8)
              + ", this program knows version "
              + VERSION
              + "; use the program that made it, or delete the image");
    }
    Geometry geometry = new Geometry(file.get(24), file.get(32), file.get(40), file.get(48));
    long slots = file.get(56);
    ImageState state =
        new ImageState(file, file.get(16), Math.clamp(slots, 0, SLOTS_MAX), geometry);
    if (file.get(HEADER_CRC) != state.headerCrc()
        || !geometry.isValid()
        || slots < 2
        || slots > SLOTS_MAX) {
      throw ImageException.damaged(NAME, "header does not match its checksum");
    }
    return state;
  }

  private long headerCrc() {
    return summer.start().add(8, HEADER_CRC - 8).value() & 0xffffffffL;
  }

  long imageId() {
    return imageId;
  }

  int slots() throws ImageException {
    long added = CheckedWord.decode(file.get(ADDED), "state: slots added");
    if (added > SLOTS_MAX - slots) {
      throw ImageException.damaged(NAME, slots + " slots and " + added + " more");
    }
    return slots + (int) added;
  }

  void storeSlots(int count) {
    file.publish(ADDED, CheckedWord.encode(count - slots));
  }

  Geometry geometry() {
    return geometry;
  }

  long applied() throws ImageException {
    return CheckedWord.decode(file.get(APPLIED), "state: applied epoch");
  }

  void storeApplied(long epoch) {
    file.publish(APPLIED, CheckedWord.encode(epoch));
  }

  long unprotected() throws ImageException {
    return CheckedWord.decode(file.get(UNPROTECTED), "state: unprotected epoch");
  }

  void storeUnprotected(long epoch) {
    file.publish(UNPROTECTED, CheckedWord.encode(epoch));
  }

  Root root() throws ImageException {
    long word = file.get(CURRENT_ROOT);
    long incarnation = word >>> 32;
    long at = rootOffset(incarnation);
    long marksBytes = file.get(at + 16);
    if (marksBytes < 0
        || marksBytes > Geometry.MARKS_BYTES_MAX
        || file.get(at) != incarnation
        || rootCrc(at, marksBytes) != (int) word) {
      throw ImageException.damaged(NAME, "root does not match its checksum");
    }
    byte[] marks =
        file.memory().asSlice(at + ROOT_MARKS, marksBytes).toArray(ValueLayout.JAVA_BYTE);
    return new Root(incarnation, file.get(at + 8), MemorySegment.ofArray(marks));
  }

  /** Replaces the root at once; the former one is where the next will be written. */
  void storeRoot(Root root) {
    long at = rootOffset(root.incarnation());
    file.put(at, root.incarnation());
    file.put(at + 8, root.coldEpoch());
    file.put(at + 16, root.marks().byteSize());
    file.copyFrom(root.marks(), 0, at + ROOT_MARKS, root.marks().byteSize());
    long crc = rootCrc(at, root.marks().byteSize()) & 0xffffffffL;
    file.publish(CURRENT_ROOT, (root.incarnation() << 32) | crc);
  }

  private static long rootOffset(long incarnation) {
    return ROOTS + (incarnation & 1) * ROOT_BYTES;
  }

  private int rootCrc(long at, long marksBytes) {
    return summer.start().add(at, 24).add(at + ROOT_MARKS, marksBytes).value();
  }

  void close() {
    file.close();
  }
}
