package io.tardigrade.checkpoint;

import java.io.IOException;
import java.lang.foreign.MemorySegment;

/**
 * One checkpoint on its way into a {@link CommittedImage}: put together by one thread at a time,
 * then handed to {@link CommittedImage#seal} and {@link CommittedImage#apply}, or abandoned. Any
 * use after that is an {@link IllegalStateException}.
 */
public final class Staging {
  private final CommittedImage image;
  private final Slot slot;
  private final long epoch;
  private int pageCount;
  private long deviceBytes = -1;
  private int marksBytes;

  Staging(CommittedImage image, Slot slot, long epoch) {
    this.image = image;
    this.slot = slot;
    this.epoch = epoch;
  }

  /** The epoch that this checkpoint ends. */
  public long epoch() {
    return epoch;
  }

  /** Pages added so far. */
  public int pageCount() {
    return pageCount;
  }

  /**
   * Sees to space for {@code pages} in all; {@link #add} up to there cannot fail. About 1,000 pages
   * always have space, more after epochs that needed more.
   *
   * @throws NoSpaceException when the file system is full; the staging is as it was before, and may
   *     be abandoned or reserved again
   */
  public void reserve(long pages) throws IOException {
    image.checkStaging(this);
    if (pages < 0 || pages > image.ramPages()) {
      throw new IllegalArgumentException(
          pages + " pages to reserve, guest memory has " + image.ramPages());
    }
    slot.reservePages(pages);
  }

  /**
   * Adds consecutive pages of guest memory. A page added twice counts as it is where added last.
   *
   * @return where their contents must be stored by the caller before the seal
   */
  public MemorySegment add(long firstPage, int count) {
    image.checkStaging(this);
    if (firstPage < 0 || count <= 0 || firstPage > image.ramPages() - count) {
      throw new IllegalArgumentException(
          "pages " + firstPage + " + " + count + ", guest memory has " + image.ramPages());
    }
    if (pageCount + (long) count > slot.pagesAllocated()) {
      throw new IllegalStateException(
          pageCount + " + " + count + " pages, reserved are " + slot.pagesAllocated());
    }
    int index = pageCount;
    for (int i = 0; i < count; i++) {
      slot.record.putPageNumber(index + i, firstPage + i);
    }
    pageCount += count;
    return slot.pages(index, count);
  }

  /** Adds consecutive pages with the contents given. */
  public void add(long firstPage, MemorySegment contents) {
    int first = pageCount;
    int count = Math.toIntExact(contents.byteSize() / Geometry.PAGE_BYTES);
    if (contents.byteSize() % Geometry.PAGE_BYTES != 0) {
      throw new IllegalArgumentException(contents.byteSize() + " bytes are not whole pages");
    }
    add(firstPage, count);
    slot.file.copyFrom(contents, 0, slot.record.pageOffset(first), contents.byteSize());
  }

  /** The number in guest memory of the page added as {@code index}-th. */
  public long pageNumber(int index) {
    checkIndex(index, 1);
    return slot.record.pageNumber(index);
  }

  /** Contents of pages added, in the order of adding; valid until applied or abandoned. */
  public MemorySegment pages(int index, int count) {
    checkIndex(index, count);
    return slot.pages(index, count);
  }

  private void checkIndex(int index, int count) {
    if (index < 0 || count < 0 || index > pageCount - count) {
      throw new IndexOutOfBoundsException(
          "pages " + index + " + " + count + " of " + pageCount + " added");
    }
  }

  /**
   * Stores the device state, up to 64 MiB.
   *
   * @throws NoSpaceException as {@link #reserve}; up to 256 KiB always have space
   */
  public void deviceState(MemorySegment state) throws IOException {
    image.checkStaging(this);
    if (state.byteSize() > image.deviceBytesMax()) {
      throw new IllegalArgumentException(
          "device state of "
              + state.byteSize()
              + " bytes, at most "
              + image.deviceBytesMax()
              + " can be kept");
    }
    slot.reserveDeviceState(state.byteSize());
    slot.record.putDeviceState(state);
    deviceBytes = state.byteSize();
  }

  /** Stores up to 4 KiB that the caller wants back with the epoch. */
  public void marks(MemorySegment marks) {
    image.checkStaging(this);
    CommittedImage.checkMarks(marks.byteSize());
    slot.record.putMarks(marks);
    marksBytes = (int) marks.byteSize();
  }

  /** Drops the checkpoint. The pages it held are dirty still: the next one must hold them. */
  public void abandon() throws IOException {
    image.abandon(this);
  }

  Slot slot() {
    return slot;
  }

  RedoRecord.Header header(long base, long incarnation) {
    if (deviceBytes < 0) {
      throw new IllegalStateException("epoch " + epoch + " has no device state");
    }
    return new RedoRecord.Header(epoch, base, incarnation, pageCount, deviceBytes, marksBytes);
  }
}
