package io.tardigrade.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.NavigableMap;
import java.util.Objects;
import java.util.Random;
import java.util.TreeMap;
import java.util.zip.CRC32C;

/**
 * What an image should hold at every epoch, kept in plain arrays, and what may be the newest epoch
 * after a given number of steps.
 */
final class ImageModel {
  static final int PAGE = Geometry.PAGE_BYTES;
  static final int RAM_PAGES = 8;
  static final Geometry GEOMETRY = new Geometry((long) RAM_PAGES * PAGE, 2, PAGE, 4L * PAGE);

  /** The contents at an epoch. */
  @SuppressWarnings("ArrayRecordComponent")
  record Contents(boolean cold, byte[] ram, long[] crc, byte[] deviceState, byte[] marks) {}

  /** A change of epoch or of the marker that began and returned after so many steps. */
  private record Event(long value, int beganAt, int returnedAt) {}

  final NavigableMap<Long, Contents> epochs = new TreeMap<>();
  final SimulatedStorage storage;
  final CommittedImage image;
  private final List<Event> commits = new ArrayList<>();
  private final List<Event> markers = new ArrayList<>();
  private final Random random;

  /** Makes an image; {@link #createdAt} is the number of steps that took. */
  ImageModel(long seed, int slots) throws IOException {
    this(seed, slots, 0x1122334455667788L);
  }

  ImageModel(long seed, int slots, long imageId) throws IOException {
    random = new Random(seed);
    storage = new SimulatedStorage(new SimulatedDisk(), seed);
    image = CommittedImage.create(storage, GEOMETRY, slots, imageId);
    epochs.put(0L, cold(new byte[0]));
    commits.add(new Event(0, 0, steps()));
    markers.add(new Event(0, 0, steps()));
  }

  private static Contents cold(byte[] marks) {
    return new Contents(true, new byte[RAM_PAGES * PAGE], new long[RAM_PAGES], new byte[0], marks);
  }

  int steps() {
    return storage.journal.size();
  }

  int createdAt() {
    return commits.getFirst().returnedAt;
  }

  Staging stage(long epoch, int deviceBytes, int... pages) throws IOException {
    return stage(image, epoch, deviceBytes, pages);
  }

  private Staging stage(CommittedImage image, long epoch, int deviceBytes, int... pages)
      throws IOException {
    Staging staging = Objects.requireNonNull(image.beginStaging(epoch));
    staging.reserve(pages.length);
    for (int first = 0; first < pages.length; ) {
      int end = first + 1;
      while (end < pages.length && pages[end] == pages[end - 1] + 1) {
        end++;
      }
      staging.add(pages[first], MemorySegment.ofArray(bytes((end - first) * PAGE)));
      first = end;
    }
    staging.deviceState(MemorySegment.ofArray(bytes(deviceBytes)));
    staging.marks(MemorySegment.ofArray(bytes(random.nextInt(5))));
    return staging;
  }

  private byte[] bytes(int count) {
    byte[] bytes = new byte[count];
    random.nextBytes(bytes);
    return bytes;
  }

  void seal(Staging staging) {
    Contents before = epochs.lastEntry().getValue();
    byte[] ram = before.ram.clone();
    long[] crc = before.crc.clone();
    for (int i = 0; i < staging.pageCount(); i++) {
      byte[] content = staging.pages(i, 1).toArray(ValueLayout.JAVA_BYTE);
      int page = (int) staging.pageNumber(i);
      System.arraycopy(content, 0, ram, page * PAGE, PAGE);
      CRC32C sum = new CRC32C();
      sum.update(content);
      crc[page] = 1L << 63 | staging.epoch() << 32 | sum.getValue();
    }
    RedoRecord.Header header = staging.header(0, 0);
    RedoRecord record = staging.slot().record;
    epochs.put(
        staging.epoch(),
        new Contents(
            false,
            ram,
            crc,
            record.deviceState(header.deviceBytes()).toArray(ValueLayout.JAVA_BYTE),
            record.marks(header.marksBytes()).toArray(ValueLayout.JAVA_BYTE)));
    int began = steps();
    image.seal(staging);
    commits.add(new Event(staging.epoch(), began, steps()));
  }

  void commit(long epoch, int deviceBytes, int... pages) throws IOException {
    Staging staging = stage(epoch, deviceBytes, pages);
    seal(staging);
    image.apply(staging);
  }

  void reset(long epoch) throws IOException {
    byte[] marks = bytes(10);
    epochs.put(epoch, cold(marks));
    int began = steps();
    try {
      image.reset(epoch, marks);
    } finally {
      commits.add(new Event(epoch, began, steps()));
    }
  }

  void setUnprotected(long epoch) {
    int began = steps();
    image.setUnprotected(epoch);
    markers.add(new Event(epoch, began, steps()));
  }

  /**
   * Opens what is on a disk after the first {@code steps} steps; compares all of it with what
   * should be there; returns the storage with what the recovery did.
   */
  SimulatedStorage recoverAndCheck(SimulatedDisk disk, int steps, long seed) throws IOException {
    SimulatedStorage recovered = new SimulatedStorage(disk, seed);
    CommittedImage reopened = CommittedImage.open(recovered, 2);
    checkEpoch(reopened, steps);
    checkContents(reopened, recovered);
    recovered.checkJournalIsComplete();
    return recovered;
  }

  void checkEpoch(CommittedImage opened, int steps) throws IOException {
    assertThat(opened.committedEpoch()).isIn(possible(commits, steps));
    long since = opened.unprotectedSince();
    assertThat(since)
        .isIn(
            possible(markers, steps).stream()
                .map(marker -> marker > opened.committedEpoch() ? marker : 0)
                .toList());
  }

  /** What returned last, and whatever has begun since. */
  private static List<Long> possible(List<Event> events, int steps) {
    List<Long> values = new ArrayList<>();
    for (Event event : events) {
      if (event.returnedAt <= steps) {
        values.clear();
      }
      if (event.beganAt < steps || event.returnedAt <= steps) {
        values.add(event.value);
      }
    }
    return values;
  }

  void checkContents(CommittedImage opened, SimulatedStorage at) {
    Contents expected = Objects.requireNonNull(epochs.get(opened.committedEpoch()));
    // An epoch without device state is one to boot from.
    assertThat(opened.isCold()).isEqualTo(expected.cold || expected.deviceState.length == 0);
    assertThat(Arrays.equals(opened.marks(), expected.marks)).as("marks").isTrue();
    byte[] deviceState = opened.deviceState().toArray(ValueLayout.JAVA_BYTE);
    assertThat(Arrays.equals(deviceState, expected.deviceState)).as("device state").isTrue();
    String ram = opened.ramFile().toString();
    byte[] crc = Objects.requireNonNull(at.disk.pages(ram.replace("ram", "crc"))[0]);
    for (int page = 0; page < RAM_PAGES; page++) {
      byte[] found = Objects.requireNonNull(at.disk.pages(ram)[page]);
      int from = page * PAGE;
      if (!Arrays.equals(found, 0, PAGE, expected.ram, from, from + PAGE)) {
        throw new AssertionError("page " + page + " of epoch " + opened.committedEpoch());
      }
      long entry =
          MemorySegment.ofArray(crc).get(ValueLayout.JAVA_LONG_UNALIGNED, page * (long) Long.BYTES);
      if (entry != expected.crc[page]) {
        throw new AssertionError("checksum of page " + page + ": " + Long.toHexString(entry));
      }
    }
    assertThat(opened.firstDamagedPage(0, RAM_PAGES)).isEqualTo(-1);
  }

  /** A recovered image must be as good as new: commits one more epoch and reads it back. */
  static void checkGoesOn(CommittedImage opened, SimulatedStorage at) throws IOException {
    long epoch = opened.committedEpoch() + 100;
    for (int i = 0; i < 2; i++) {
      Staging staging = Objects.requireNonNull(opened.beginStaging(epoch + i));
      staging.reserve(RAM_PAGES);
      staging.add(0, MemorySegment.ofArray(new byte[RAM_PAGES * PAGE]));
      staging.deviceState(MemorySegment.ofArray(new byte[4 * PAGE]));
      opened.seal(staging);
      opened.apply(staging);
    }
    assertThat(opened.unprotectedSince()).isZero();
    assertThat(opened.firstDamagedPage(0, RAM_PAGES)).isEqualTo(-1);
    assertThat(CommittedImage.open(new SimulatedStorage(at.disk, 0), 2).committedEpoch())
        .isEqualTo(epoch + 1);
  }
}
