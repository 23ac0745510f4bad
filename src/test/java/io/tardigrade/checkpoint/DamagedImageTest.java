package io.tardigrade.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Whatever happens to an image's files: it opens with the right contents or not at all. */
class DamagedImageTest {
  private static final int PAGE = Geometry.PAGE_BYTES;
  private static final List<String> CHECKED = List.of("redo-a", "redo-b", "state");
  private static final ImageModel MODEL = newModel();

  /** A record applied, its successor sealed only, marker set: every format is in use. */
  private static ImageModel newModel() {
    try {
      ImageModel model = new ImageModel(11, 2);
      model.commit(1, 100, 0, 1);
      model.reset(2);
      model.commit(3, 300, 0, 1, 7);
      model.setUnprotected(4);
      model.seal(model.stage(5, 5000, 2, 3, 4));
      return model;
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  /** Opens the disk; refuses in one line or holds the newest epoch and nothing but it. */
  private static boolean opensRightOrNot(SimulatedDisk disk, String what) {
    try (SimulatedStorage storage = new SimulatedStorage(disk, 0)) {
      CommittedImage image = CommittedImage.open(storage, 2);
      assertThat(image.committedEpoch()).isEqualTo(5);
      MODEL.checkContents(image, storage);
      return true;
    } catch (ImageException e) {
      assertThat(e.getMessage()).doesNotContain("\n").hasSizeBetween(20, 250);
      return false;
    } catch (IOException | AssertionError | RuntimeException e) {
      throw new AssertionError(what + ": " + e, e);
    }
  }

  private static byte[] pageToChange(SimulatedDisk disk, String name, int page) {
    byte[] changed = Objects.requireNonNull(disk.pages(name)[page]).clone();
    disk.pages(name)[page] = changed;
    return changed;
  }

  @Test
  void undamagedImageOpens() {
    assertThat(opensRightOrNot(MODEL.storage.disk, "undamaged")).isTrue();
  }

  @Test
  void anyFlippedBitOfASealedRecordIsRefused() {
    // Epochs 1 and 3 were in the first slot and, after the reset, again in the first.
    String name = "redo-b";
    Geometry geometry = ImageModel.GEOMETRY;
    List<int[]> ranges =
        List.of(
            new int[] {0, 80},
            new int[] {PAGE, PAGE + 1},
            new int[] {(int) geometry.deviceOffset(), (int) geometry.deviceOffset() + 5000},
            new int[] {(int) geometry.tableOffset(), (int) geometry.tableOffset() + 24},
            new int[] {(int) geometry.pagesOffset(), (int) geometry.pagesOffset() + 3 * PAGE});
    Random random = new Random(12);
    for (int[] range : ranges) {
      int step = range[1] - range[0] > 100 ? 7 : 1;
      for (int at = range[0]; at < range[1]; at += step) {
        for (int bit = 0; bit < 8; bit += step > 1 ? 1 + random.nextInt(8) : 1) {
          SimulatedDisk disk = MODEL.storage.disk.copy();
          pageToChange(disk, name, at / PAGE)[at % PAGE] ^= (byte) (1 << bit);
          String what = name + " byte " + at + " bit " + bit;
          boolean opened = opensRightOrNot(disk, what);
          boolean counts =
              range[0] != PAGE || MODEL.epochs.lastEntry().getValue().marks().length > 0;
          assertThat(opened && counts).as(what).isFalse();
        }
      }
    }
  }

  @Test
  void flippedBitOfTheStateIsRefusedOrDoesNotMatter() {
    for (int at = 0; at < PAGE + 24; at = at == 80 ? PAGE : at + 1) {
      for (int bit = 0; bit < 8; bit++) {
        SimulatedDisk disk = MODEL.storage.disk.copy();
        pageToChange(disk, "state", at / PAGE)[at % PAGE] ^= (byte) (1 << bit);
        boolean opened = opensRightOrNot(disk, "state byte " + at + " bit " + bit);
        assertThat(opened).as("byte " + at).isEqualTo(at >= 72 && at < PAGE);
      }
    }
  }

  @Test
  void missingEmptyAndZeroedFilesAreRefused() {
    for (String name : MODEL.storage.disk.names.keySet()) {
      SimulatedDisk missing = MODEL.storage.disk.copy();
      missing.execute(new SimulatedDisk.Delete(name));
      assertThat(opensRightOrNot(missing, name + " missing")).as(name + " missing").isFalse();
      SimulatedDisk empty = missing.copy();
      empty.execute(new SimulatedDisk.Create(99, name, 0));
      assertThat(opensRightOrNot(empty, name + " empty")).as(name + " empty").isFalse();
    }
    for (String name : CHECKED) {
      SimulatedDisk zeroed = MODEL.storage.disk.copy();
      Arrays.fill(pageToChange(zeroed, name, 0), (byte) 0);
      assertThat(opensRightOrNot(zeroed, name + " zeroed")).as(name + " zeroed").isFalse();
    }
  }

  @Test
  void imageOfAnotherFormatVersionIsRefusedBySayingSo() throws IOException {
    SimulatedDisk disk = MODEL.storage.disk.copy();
    pageToChange(disk, "state", 0)[8] = 2;
    try (SimulatedStorage storage = new SimulatedStorage(disk, 0)) {
      CommittedImage.open(storage, 2).close();
      throw new AssertionError("opened");
    } catch (ImageException e) {
      assertThat(e).hasMessageContaining("format version 2").hasMessageContaining("version 1");
    }
  }

  @Test
  void slotOfAnotherImageIsRefused() throws IOException {
    ImageModel other = new ImageModel(12, 2, 99);
    other.commit(1, 100, 0, 1);
    other.seal(other.stage(5, 100, 3));
    SimulatedDisk disk = MODEL.storage.disk.copy();
    for (String slot : List.of("redo-a", "redo-b")) {
      System.arraycopy(
          other.storage.disk.pages(slot), 0, disk.pages(slot), 0, disk.pages(slot).length);
      assertThat(opensRightOrNot(disk, slot)).isFalse();
    }
  }

  /** Applies {@code input} as edits, 6 bytes each, to the files that carry checksums; opens. */
  static void fuzz(byte[] input) {
    SimulatedDisk disk = MODEL.storage.disk.copy();
    for (int i = 0; i + 6 <= input.length; i += 6) {
      String name = CHECKED.get((input[i] & 0xff) % CHECKED.size());
      byte[][] pages = disk.pages(name);
      List<Integer> stored = new ArrayList<>();
      for (int page = 0; page < pages.length; page++) {
        if (pages[page] != null) {
          stored.add(page);
        }
      }
      int page = stored.get((input[i + 1] & 0xff) % stored.size());
      int at = ((input[i + 2] & 0xff) << 8 | (input[i + 3] & 0xff)) % PAGE;
      byte[] changed = pageToChange(disk, name, page);
      switch (input[i + 4] & 3) {
        case 0 -> changed[at] = input[i + 5];
        case 1 -> changed[at % 96] = input[i + 5];
        case 2 -> changed[at] ^= (byte) (1 << (input[i + 5] & 7));
        default -> Arrays.fill(changed, at / 16 * 16, at / 16 * 16 + 16, input[i + 5]);
      }
    }
    opensRightOrNot(disk, Arrays.toString(input));
  }

  @Test
  void randomDamageIsNeverTakenForContents() {
    long seed = 20261122;
    Random random = new Random(seed);
    for (int i = 0; i < 5_000; i++) {
      byte[] input = new byte[6 * (1 + random.nextInt(4))];
      random.nextBytes(input);
      fuzz(input);
    }
  }
}
