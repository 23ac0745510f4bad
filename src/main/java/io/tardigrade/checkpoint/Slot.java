package io.tardigrade.checkpoint;

import io.tardigrade.checkpoint.RedoRecord.Header;
import io.tardigrade.checkpoint.Storage.Extent;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/**
 * A slot's file, how much of it has space, and what its record is good for. The image decides over
 * {@link #phase}, under its lock; the rest is used by whoever the phase makes the owner.
 */
final class Slot {
  /** What the slot holds. */
  enum Phase {
    /** Nothing of worth. */
    FREE,
    /** A checkpoint being put together. */
    STAGING,
    /** A committed epoch whose pages are not all in RAM. */
    SEALED,
    /** A committed epoch whose pages are in RAM; device state and marks are read from here. */
    APPLIED
  }

  final String name;
  final StorageFile file;
  final RedoRecord record;
  Phase phase = Phase.FREE;
  @Nullable Header header;

  /** The checkpoint in the making, from its beginning until it is applied or abandoned. */
  @Nullable Staging staging;

  private final Geometry geometry;
  private final SlotSizing sizing;
  private long pagesAllocated;
  private long deviceBytesAllocated;

  Slot(String name, StorageFile file, Geometry geometry) {
    this.name = name;
    this.file = file;
    this.geometry = geometry;
    this.record = new RedoRecord(name, file, geometry);
    this.sizing = new SlotSizing(geometry.slotPages());
    this.pagesAllocated = geometry.slotPages();
    this.deviceBytesAllocated = geometry.deviceBytes();
  }

  static String nameOf(int index) {
    return "redo-" + (char) ('a' + index);
  }

  static Slot create(Storage storage, int index, Geometry geometry, long imageId)
      throws IOException {
    StorageFile file =
        storage.create(
            nameOf(index),
            geometry.slotFileBytes(),
            geometry.headExtent(geometry.deviceBytes()),
            geometry.tableExtent(geometry.slotPages()),
            geometry.pagesExtent(geometry.slotPages()));
    Slot slot = new Slot(nameOf(index), file, geometry);
    slot.record.initialise(imageId);
    return slot;
  }

  /** Maps a slot and reads its record's header, if one is sealed. */
  static Slot open(Storage storage, int index, Geometry geometry, long imageId) throws IOException {
    StorageFile file = storage.open(nameOf(index), geometry.slotFileBytes());
    Slot slot = new Slot(nameOf(index), file, geometry);
    try {
      slot.header = slot.record.read(imageId);
      return slot;
    } catch (IOException e) {
      file.close();
      throw e;
    }
  }

  /** Sees to space for this many pages, however many there are already. */
  void reservePages(long pages) throws IOException {
    if (pages <= pagesAllocated) {
      return;
    }
    grow(geometry.tableExtent(pagesAllocated), geometry.tableExtent(pages));
    try {
      grow(geometry.pagesExtent(pagesAllocated), geometry.pagesExtent(pages));
    } catch (IOException e) {
      release(geometry.tableExtent(pages), geometry.tableExtent(pagesAllocated));
      throw e;
    }
    pagesAllocated = pages;
  }

  void reserveDeviceState(long bytes) throws IOException {
    if (bytes <= deviceBytesAllocated) {
      return;
    }
    grow(geometry.headExtent(deviceBytesAllocated), geometry.headExtent(bytes));
    deviceBytesAllocated = Geometry.roundUp(bytes);
  }

  private void grow(Extent from, Extent to) throws IOException {
    long added = to.bytes() - from.bytes();
    if (added == 0) {
      return;
    }
    try {
      file.allocate(to.offset() + from.bytes(), added);
    } catch (IOException e) {
      file.release(to.offset() + from.bytes(), added);
      throw e;
    }
  }

  long pagesAllocated() {
    return pagesAllocated;
  }

  /** Gives back what the epochs to come are not expected to need. Pages are then worthless. */
  void shrink(long pagesUsed, long deviceBytesUsed) throws IOException {
    long pages = sizing.keepAfter(pagesUsed);
    if (pages < pagesAllocated) {
      shrinkTo(pages, pagesAllocated);
    }
    long deviceBytes = Math.max(geometry.deviceBytes(), Geometry.roundUp(deviceBytesUsed));
    if (deviceBytes < deviceBytesAllocated) {
      release(geometry.headExtent(deviceBytesAllocated), geometry.headExtent(deviceBytes));
      deviceBytesAllocated = deviceBytes;
    }
  }

  /**
   * Brings a slot of which it is not known what has space back to its first size, except for the
   * device state and page table of a record it holds.
   */
  void shrinkUnknown() throws IOException {
    Header held = header;
    long deviceBytes = held == null ? 0 : Geometry.roundUp(held.deviceBytes());
    deviceBytesAllocated = geometry.deviceBytesMax();
    pagesAllocated = geometry.ramPages();
    shrink(held == null ? 0 : held.pageCount(), deviceBytes);
  }

  private void shrinkTo(long pages, long pagesFrom) throws IOException {
    // The table stays as long as the record in the slot names it in its checksum.
    long tablePages = Math.max(pages, header == null ? 0 : header.pageCount());
    release(geometry.pagesExtent(pagesFrom), geometry.pagesExtent(pages));
    release(geometry.tableExtent(geometry.ramPages()), geometry.tableExtent(tablePages));
    pagesAllocated = pages;
  }

  private void release(Extent from, Extent to) throws IOException {
    if (to.bytes() < from.bytes()) {
      file.release(to.offset() + to.bytes(), from.bytes() - to.bytes());
    }
  }

  /** A part of the pages area, to read pages into or from. */
  MemorySegment pages(int first, int count) {
    return file.memory().asSlice(record.pageOffset(first), (long) count * Geometry.PAGE_BYTES);
  }
}
