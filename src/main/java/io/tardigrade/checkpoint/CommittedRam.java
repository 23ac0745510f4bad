package io.tardigrade.checkpoint;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.Set;
import java.util.zip.CRC32C;

/**
 * Guest RAM at the newest applied epoch (file {@code ram-N}, nothing but the guest's pages) and
 * what each page should be (file {@code crc-N}), of incarnation N. Both have all their space from
 * the start. An entry of {@code crc-N}, 8 bytes, little-endian:
 *
 * <pre>
 *   63  62          32 31        0
 *  +---+--------------+-----------+
 *  | 1 | epoch mod 2^31|  CRC32C  |   0 as a whole: never committed, so the page holds zeros
 *  +---+--------------+-----------+
 * </pre>
 */
final class CommittedRam {
  private static final String RAM = "ram-";
  private static final String CRC = "crc-";
  private static final long ENTRY_VALID = 1L << 63;
  private static final long COMPARED_BYTES = 64 << 10;
  private static final int EPOCH_MASK = 0x7fffffff;
  private static final int ZEROS = sum(MemorySegment.ofArray(new byte[Geometry.PAGE_BYTES]));

  private final long incarnation;
  private final StorageFile ram;
  private final StorageFile crc;
  private final Checksummer summer;

  private CommittedRam(long incarnation, StorageFile ram, StorageFile crc) {
    this.incarnation = incarnation;
    this.ram = ram;
    this.crc = crc;
    this.summer = new Checksummer(ram.memory());
  }

  static CommittedRam create(Storage storage, Geometry geometry, long incarnation)
      throws IOException {
    StorageFile ram = create(storage, RAM + incarnation, geometry.ramBytes());
    try {
      return new CommittedRam(
          incarnation, ram, create(storage, CRC + incarnation, crcFileBytes(geometry)));
    } catch (IOException e) {
      ram.close();
      storage.delete(RAM + incarnation);
      throw e;
    }
  }

  private static StorageFile create(Storage storage, String name, long bytes) throws IOException {
    return storage.create(name, bytes, new Storage.Extent(0, bytes));
  }

  static CommittedRam open(Storage storage, Geometry geometry, long incarnation)
      throws IOException {
    StorageFile ram = storage.open(RAM + incarnation, geometry.ramBytes());
    try {
      return new CommittedRam(
          incarnation, ram, storage.open(CRC + incarnation, crcFileBytes(geometry)));
    } catch (IOException e) {
      ram.close();
      throw e;
    }
  }

  static boolean isThere(Storage storage, long incarnation) throws IOException {
    return storage.names().containsAll(Set.of(RAM + incarnation, CRC + incarnation));
  }

  /** Removes the files of every incarnation but one; 0 removes all. */
  static void deleteOthers(Storage storage, long incarnation) throws IOException {
    for (String name : storage.names()) {
      boolean ours = name.equals(RAM + incarnation) || name.equals(CRC + incarnation);
      if (!ours && (name.startsWith(RAM) || name.startsWith(CRC))) {
        storage.delete(name);
      }
    }
  }

  private static long crcFileBytes(Geometry geometry) {
    return Geometry.roundUp(geometry.ramPages() * Long.BYTES);
  }

  String ramName() {
    return RAM + incarnation;
  }

  /** Copies a record's pages and their checksums in; doing it again changes nothing. */
  void apply(Slot slot, RedoRecord.Header header) {
    RedoRecord record = slot.record;
    int count = header.pageCount();
    for (int first = 0; first < count; ) {
      long page = record.pageNumber(first);
      int end = first + 1;
      while (end < count && record.pageNumber(end) == page + (end - first)) {
        end++;
      }
      ram.copyFrom(
          slot.file.memory(),
          record.pageOffset(first),
          page * Geometry.PAGE_BYTES,
          (long) (end - first) * Geometry.PAGE_BYTES);
      first = end;
    }
    long epoch = ENTRY_VALID | ((header.epoch() & EPOCH_MASK) << Integer.SIZE);
    for (int i = 0; i < count; i++) {
      crc.put(record.pageNumber(i) * Long.BYTES, epoch | (record.storedCrc(i) & 0xffffffffL));
    }
  }

  /** The first page of a range that is not what it was when it committed, or -1. */
  long firstDamagedPage(long from, long to) {
    for (long page = from; page < to; page++) {
      if (!isSum(page, sum(page))) {
        return page;
      }
    }
    return -1;
  }

  /** Whether contents with this CRC32C are those that were committed. */
  boolean isSum(long page, int sum) {
    long entry = crc.get(page * Long.BYTES);
    // An entry that has lost its highest bit is still a checksum.
    return entry == 0 ? sum == ZEROS : sum == (int) entry || (entry > 0 && sum == ZEROS);
  }

  /** The CRC32C that a page should have. */
  int expected(long page) {
    long entry = crc.get(page * Long.BYTES);
    return entry == 0 ? ZEROS : (int) entry;
  }

  /** The CRC32C that a page has. Under the image's RAM lock only. */
  int sum(long page) {
    return summer.start().add(page * Geometry.PAGE_BYTES, Geometry.PAGE_BYTES).value();
  }

  static int sum(MemorySegment contents) {
    CRC32C sum = new CRC32C();
    sum.update(contents.asByteBuffer());
    return (int) sum.getValue();
  }

  /** A page's contents, in place; to be read only. */
  MemorySegment page(long page) {
    return ram.memory().asSlice(page * Geometry.PAGE_BYTES, Geometry.PAGE_BYTES);
  }

  /** Puts a damaged page right. */
  void store(long page, MemorySegment contents) {
    ram.copyFrom(contents, 0, page * Geometry.PAGE_BYTES, Geometry.PAGE_BYTES);
  }

  /** Takes the page as it is for right. */
  void renewChecksum(long page) {
    long kept = crc.get(page * Long.BYTES) & ~0xffffffffL;
    crc.put(page * Long.BYTES, ENTRY_VALID | kept | (sum(page) & 0xffffffffL));
  }

  /** Stores what differs of the first pages. */
  void equalise(MemorySegment memory) {
    equalise(ram, memory);
  }

  /** Becomes equal to another of the same size, checksums included. */
  void equalise(CommittedRam other) {
    equalise(ram, other.ram.memory());
    equalise(crc, other.crc.memory());
  }

  private static void equalise(StorageFile file, MemorySegment contents) {
    long bytes = contents.byteSize();
    for (long at = 0; at < bytes; at += COMPARED_BYTES) {
      long count = Math.min(COMPARED_BYTES, bytes - at);
      if (MemorySegment.mismatch(contents, at, at + count, file.memory(), at, at + count) >= 0) {
        file.copyFrom(contents, at, at, count);
      }
    }
  }

  void close() {
    ram.close();
    crc.close();
  }
}
