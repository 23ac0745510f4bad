package io.tardigrade.checkpoint;

import io.tardigrade.checkpoint.Storage.Extent;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/**
 * One checkpoint in a slot's file. Offsets are fixed by the {@link Geometry}; the file is sparse
 * and only what a record needs has space. Little-endian:
 *
 * <pre>
 *  page 0
 *     0  8  magic "TDGREDO1"
 *     8  8  image id
 *    16  8  seal: UNSEALED, or "SEAL" (high half) and the CRC32C of the record (low half)
 *    24  8  epoch
 *    32  8  base: the committed epoch before it
 *    40  8  incarnation
 *    48  8  number of pages
 *    56  8  length of the device state
 *    64  8  length of the marks
 *    72  8  CRC32C of bytes 0 to 16 and 24 to 72
 *  page 1   marks, up to one page
 *  page 2   device state, then a hole up to its largest size
 *  table    per page 8 bytes: page number in guest RAM (low half), CRC32C of the page (high half)
 *  pages    in the order of the table, 4096 bytes each
 * </pre>
 *
 * The record's CRC32C covers bytes 0 to 16 and 24 to 80, the marks, the device state and the table,
 * and so by the table every page. No single-bit error turns a sealed record into an unsealed one,
 * nor does zeroing it.
 */
final class RedoRecord {
  static final long UNSEALED = 0x4e45504f_4e45504fL;

  private static final long MAGIC = 0x314f4445_52474454L;
  private static final long SEALED = 0x4c414553L;
  private static final long SEAL = 16;
  private static final long EPOCH = 24;
  private static final long BASE = 32;
  private static final long INCARNATION = 40;
  private static final long PAGE_COUNT = 48;
  private static final long DEVICE_BYTES = 56;
  private static final long MARKS_BYTES = 64;
  private static final long HEADER_CRC = 72;
  private static final long HEADER_BYTES = 80;

  /** What {@link #sealedEpoch} looks at. */
  static final int HEAD_BYTES = 32;

  private static final long MARKS = Geometry.PAGE_BYTES;

  private final String name;
  private final StorageFile file;
  private final Geometry geometry;
  private final Checksummer summer;

  /**
   * The header of a record.
   *
   * @param base the committed epoch before {@code epoch}: the record is of use on that one only
   */
  record Header(
      long epoch, long base, long incarnation, int pageCount, long deviceBytes, int marksBytes) {}

  RedoRecord(String name, StorageFile file, Geometry geometry) {
    this.name = name;
    this.file = file;
    this.geometry = geometry;
    this.summer = new Checksummer(file.memory());
  }

  /** The epoch in the first bytes of a record, unchecked; -1 where it is none, or unsealed. */
  static long sealedEpoch(ByteBuffer head) {
    boolean sealed =
        head.getLong(0) == MAGIC
            && head.getLong((int) SEAL) != UNSEALED
            && head.getLong((int) SEAL) >>> 32 == SEALED;
    return sealed ? head.getLong((int) EPOCH) : -1;
  }

  /** First stores into a new slot. */
  void initialise(long imageId) {
    file.put(8, imageId);
    file.publish(SEAL, UNSEALED);
    file.publish(0, MAGIC);
  }

  /** Declares what is in the slot worthless, before anything of it is overwritten. */
  void unseal() {
    file.publish(SEAL, UNSEALED);
  }

  void putPageNumber(int index, long page) {
    file.put(entryOffset(index), page);
  }

  void putMarks(MemorySegment marks) {
    file.copyFrom(marks, 0, MARKS, marks.byteSize());
  }

  void putDeviceState(MemorySegment deviceState) {
    file.copyFrom(deviceState, 0, geometry.deviceOffset(), deviceState.byteSize());
  }

  /** Sums up all that was staged and makes it a record with the last store. */
  void seal(Header header) {
    for (int i = 0; i < header.pageCount(); i++) {
      file.put(entryOffset(i), pageNumber(i) | ((long) pageCrc(i) << 32));
    }
    file.put(EPOCH, header.epoch());
    file.put(BASE, header.base());
    file.put(INCARNATION, header.incarnation());
    file.put(PAGE_COUNT, header.pageCount());
    file.put(DEVICE_BYTES, header.deviceBytes());
    file.put(MARKS_BYTES, header.marksBytes());
    file.put(HEADER_CRC, headerCrc());
    file.publish(SEAL, SEALED << 32 | (recordCrc(header) & 0xffffffffL));
  }

  /**
   * The header of a sealed record that is whole but for its pages, null where none is sealed.
   *
   * @throws ImageException where no crash can have left what is there
   */
  @Nullable Header read(long imageId) throws IOException {
    if (file.get(0) != MAGIC) {
      throw ImageException.damaged(name, "does not begin with TDGREDO1");
    }
    if (file.get(8) != imageId) {
      throw ImageException.damaged(name, "belongs to another image");
    }
    long seal = file.get(SEAL);
    if (seal == UNSEALED) {
      return null;
    }
    if (seal >>> 32 != SEALED || file.get(HEADER_CRC) != headerCrc()) {
      throw ImageException.damaged(name, "header does not match its checksum");
    }
    Header header = boundedHeader();
    // Reading a hole of a full file system kills the process, and only a record in good order has
    // none.
    allocate(geometry.headExtent(header.deviceBytes()));
    allocate(geometry.tableExtent(header.pageCount()));
    if ((int) seal != recordCrc(header)) {
      throw ImageException.damaged(name, "record does not match its checksum");
    }
    for (int i = 0; i < header.pageCount(); i++) {
      if (pageNumber(i) >= geometry.ramPages()) {
        throw ImageException.damaged(name, "page " + pageNumber(i) + " is outside guest memory");
      }
    }
    return header;
  }

  private Header boundedHeader() throws ImageException {
    long pageCount = file.get(PAGE_COUNT);
    long deviceBytes = file.get(DEVICE_BYTES);
    long marksBytes = file.get(MARKS_BYTES);
    if (pageCount < 0
        || pageCount > geometry.ramPages()
        || deviceBytes < 0
        || deviceBytes > geometry.deviceBytesMax()
        || marksBytes < 0
        || marksBytes > Geometry.MARKS_BYTES_MAX) {
      throw ImageException.damaged(name, "lengths in the header are out of range");
    }
    return new Header(
        file.get(EPOCH),
        file.get(BASE),
        file.get(INCARNATION),
        (int) pageCount,
        deviceBytes,
        (int) marksBytes);
  }

  private void allocate(Extent extent) throws IOException {
    file.allocate(extent.offset(), extent.bytes());
  }

  /** Checks the pages of a record that is still to be applied. */
  void verifyPages(Header header) throws IOException {
    allocate(geometry.pagesExtent(header.pageCount()));
    for (int i = 0; i < header.pageCount(); i++) {
      if (pageCrc(i) != storedCrc(i)) {
        throw ImageException.damaged(
            name, "page " + pageNumber(i) + " does not match its checksum");
      }
    }
  }

  long pageNumber(int index) {
    return file.get(entryOffset(index)) & 0xffffffffL;
  }

  int storedCrc(int index) {
    return (int) (file.get(entryOffset(index)) >>> 32);
  }

  long pageOffset(int index) {
    return geometry.pagesOffset() + (long) index * Geometry.PAGE_BYTES;
  }

  MemorySegment deviceState(long bytes) {
    return file.memory().asSlice(geometry.deviceOffset(), bytes);
  }

  MemorySegment marks(long bytes) {
    return file.memory().asSlice(MARKS, bytes);
  }

  private long entryOffset(int index) {
    return geometry.tableOffset() + (long) index * Long.BYTES;
  }

  private int pageCrc(int index) {
    return summer.start().add(pageOffset(index), Geometry.PAGE_BYTES).value();
  }

  private long headerCrc() {
    return summer.start().add(0, SEAL).add(EPOCH, HEADER_CRC - EPOCH).value() & 0xffffffffL;
  }

  private int recordCrc(Header header) {
    return summer
        .start()
        .add(0, SEAL)
        .add(EPOCH, HEADER_BYTES - EPOCH)
        .add(MARKS, header.marksBytes())
        .add(geometry.deviceOffset(), header.deviceBytes())
        .add(geometry.tableOffset(), (long) header.pageCount() * Long.BYTES)
        .value();
  }
}
