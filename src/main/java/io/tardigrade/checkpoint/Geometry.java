package io.tardigrade.checkpoint;

import io.tardigrade.checkpoint.Storage.Extent;

/**
 * The sizes of an image, and where the parts of a slot lie (drawn in {@link RedoRecord}).
 *
 * @param ramBytes guest memory, a multiple of the page size
 * @param slotPages pages that a slot always has space for
 * @param deviceBytes device state that a slot always has space for, a multiple of the page size
 * @param deviceBytesMax the largest device state, a multiple of the page size
 */
record Geometry(long ramBytes, long slotPages, long deviceBytes, long deviceBytesMax) {
  static final int PAGE_BYTES = 4096;
  static final int MARKS_BYTES_MAX = PAGE_BYTES;
  static final long RAM_BYTES_MAX = 1L << 42;
  static final long DEVICE_BYTES_MAX = 64L << 20;
  private static final long SLOT_PAGES = 1024;
  private static final long DEVICE_BYTES = 256L << 10;
  private static final long DEVICE_OFFSET = 2L * PAGE_BYTES;

  static Geometry of(long ramBytes) throws ImageException {
    Geometry geometry =
        new Geometry(
            ramBytes, Math.min(SLOT_PAGES, ramBytes / PAGE_BYTES), DEVICE_BYTES, DEVICE_BYTES_MAX);
    if (!geometry.isValid()) {
      throw ImageException.because(
          "guest memory of "
              + ramBytes
              + " bytes; a multiple of "
              + PAGE_BYTES
              + " from "
              + PAGE_BYTES
              + " to "
              + RAM_BYTES_MAX
              + " is expected");
    }
    return geometry;
  }

  boolean isValid() {
    return isPages(ramBytes)
        && ramBytes <= RAM_BYTES_MAX
        && slotPages > 0
        && slotPages <= ramPages()
        && isPages(deviceBytes)
        && isPages(deviceBytesMax)
        && deviceBytes <= deviceBytesMax
        && deviceBytesMax <= DEVICE_BYTES_MAX;
  }

  private static boolean isPages(long bytes) {
    return bytes > 0 && bytes % PAGE_BYTES == 0;
  }

  static long roundUp(long bytes) {
    return (bytes + PAGE_BYTES - 1) / PAGE_BYTES * PAGE_BYTES;
  }

  long ramPages() {
    return ramBytes / PAGE_BYTES;
  }

  /** Where the device state begins in a slot; header and marks lie before. */
  long deviceOffset() {
    return DEVICE_OFFSET;
  }

  /** Where the page table begins in a slot. */
  long tableOffset() {
    return DEVICE_OFFSET + deviceBytesMax;
  }

  /** Where the pages begin in a slot. */
  long pagesOffset() {
    return tableOffset() + roundUp(ramPages() * Long.BYTES);
  }

  /** The size of a slot's file, nearly all of it a hole. */
  long slotFileBytes() {
    return pagesOffset() + ramBytes;
  }

  Extent headExtent(long deviceBytes) {
    return new Extent(0, DEVICE_OFFSET + roundUp(deviceBytes));
  }

  Extent tableExtent(long pages) {
    return new Extent(tableOffset(), roundUp(pages * Long.BYTES));
  }

  Extent pagesExtent(long pages) {
    return new Extent(pagesOffset(), pages * PAGE_BYTES);
  }
}
