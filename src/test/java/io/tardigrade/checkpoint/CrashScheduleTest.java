package io.tardigrade.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.tardigrade.checkpoint.SimulatedDisk.Step;
import java.io.IOException;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.Test;

/**
 * The process dies before every single step of a life with every kind of operation, and again
 * before every step of the recovery that follows. Fault model: stores executed are kept, in order;
 * a copy of many bytes may be cut anywhere, in any order.
 */
class CrashScheduleTest {
  /** Every operation, with small and growing records, up to all slots sealed and unapplied. */
  private static ImageModel life(long seed, int slots) throws IOException {
    ImageModel model = new ImageModel(seed, slots);
    CommittedImage image = model.image;
    model.commit(1, 100, 0, 1);
    Staging two = model.stage(2, 9000, 2, 3, 4, 7, 6, 5);
    model.seal(two);
    Staging three = model.stage(3, 50, 1, 5);
    image.apply(two);
    model.seal(three);
    Staging four = model.stage(4, 60, 5, 6, 1);
    model.seal(four);
    image.apply(three);
    image.apply(four);
    model.stage(5, 5000, 0, 1, 2).abandon();
    model.setUnprotected(6);
    model.setUnprotected(7);
    model.commit(8, 70, 3, 3);
    model.reset(9);
    model.commit(10, 80, 2);
    model.stage(11, 80, 2).abandon();
    model.setUnprotected(11);
    model.reset(12);
    model.reset(13);
    model.commit(14, 0);
    model.commit(20, 90, 0, 1, 2, 3, 4, 5, 6, 7);
    model.storage.checkJournalIsComplete();
    return model;
  }

  @Test
  void killedAnywhereAndAgainAnywhereInTheRecoveryNothingCommittedIsLost() throws IOException {
    long seed = 14;
    ImageModel model = life(seed, 2);
    int recoveries = 0;
    SimulatedDisk disk = diskAfter(model, model.createdAt());
    for (int steps = model.createdAt(); steps <= model.steps(); steps++) {
      recoveries += checkRecovery(model, disk, steps, seed);
      executeNext(model, disk, steps);
    }
    assertThat(model.steps()).isGreaterThan(700);
    assertThat(recoveries).isGreaterThan(15_000);
  }

  @Test
  void killedAnywhereWithThreeSlotsNothingCommittedIsLost() throws IOException {
    long seed = 21;
    ImageModel model = life(seed, 3);
    SimulatedDisk disk = diskAfter(model, model.createdAt());
    for (int steps = model.createdAt(); steps <= model.steps(); steps++) {
      model.recoverAndCheck(disk, steps, seed).close();
      executeNext(model, disk, steps);
    }
  }

  private static SimulatedDisk diskAfter(ImageModel model, int steps) {
    SimulatedDisk disk = new SimulatedDisk();
    model.storage.journal.subList(0, steps).forEach(disk::execute);
    return disk;
  }

  private static void executeNext(ImageModel model, SimulatedDisk disk, int steps) {
    if (steps < model.steps()) {
      disk.execute(model.storage.journal.get(steps));
    }
  }

  /** Recovers, compares, goes on; then is killed before each step of that recovery in turn. */
  private static int checkRecovery(ImageModel model, SimulatedDisk disk, int steps, long seed)
      throws IOException {
    String where = "seed " + seed + ", killed after step " + steps;
    try (SimulatedStorage first = model.recoverAndCheck(disk, steps, seed)) {
      SimulatedDisk again = disk.copy();
      for (int i = 0; i < first.journal.size(); i++) {
        where = "seed " + seed + ", killed after steps " + steps + " and " + i;
        model.recoverAndCheck(again, steps, seed + i).close();
        again.execute(first.journal.get(i));
      }
      try (SimulatedStorage settled = model.recoverAndCheck(again, steps, seed)) {
        ImageModel.checkGoesOn(CommittedImage.open(settled, 2), settled);
      }
      return first.journal.size() + 1;
    } catch (IOException | AssertionError | RuntimeException e) {
      throw new AssertionError(where + ": " + e.getMessage(), e);
    }
  }

  @Test
  void creationCutShortIsRefusedAndCanBeRepeated() throws IOException {
    ImageModel model = new ImageModel(1, 2);
    SimulatedDisk disk = new SimulatedDisk();
    for (Step step : model.storage.journal.subList(0, model.createdAt() - 1)) {
      disk.execute(step);
      SimulatedStorage cut = new SimulatedStorage(disk, 1);
      assertThatThrownBy(() -> CommittedImage.open(cut, 2))
          .isInstanceOf(ImageException.class)
          .hasMessageContaining("never completed");
      CommittedImage image = CommittedImage.create(cut, ImageModel.GEOMETRY, 2, 5);
      model.checkContents(image, cut);
      assertThat(cut.names()).containsExactly("crc-1", "ram-1", "redo-a", "redo-b", "state");
    }
  }

  @Test
  void addingSlotsMayBeCutAnywhereAndTakenUpAgain() throws IOException {
    ImageModel model = life(8, 2);
    SimulatedStorage wider = new SimulatedStorage(model.storage.disk, 1);
    CommittedImage image = CommittedImage.open(wider, 4);
    List<Step> steps = List.copyOf(wider.journal);
    for (int i = 1; i < 4; i++) {
      assertThat(image.beginStaging(20 + i)).as("on its way beside %d others", i - 1).isNotNull();
    }
    assertThat(image.beginStaging(24)).isNull();

    SimulatedDisk cut = model.storage.disk.copy();
    for (Step step : steps) {
      model.recoverAndCheck(cut, model.steps(), 1).close();
      SimulatedStorage plain = new SimulatedStorage(cut, 1);
      checkNoSlotIsUnused(CommittedImage.open(plain, 2), plain);
      SimulatedStorage again = new SimulatedStorage(cut, 1);
      ImageModel.checkGoesOn(CommittedImage.open(again, 4), again);
      assertThat(again.names())
          .contains("redo-a", "redo-b", "redo-c", "redo-d")
          .noneMatch(name -> name.endsWith(".new"));
      cut.execute(step);
    }
    try (SimulatedStorage kept = model.recoverAndCheck(cut, model.steps(), 1)) {
      assertThat(kept.names()).contains("redo-c", "redo-d");
    }
  }

  private static void checkNoSlotIsUnused(CommittedImage image, SimulatedStorage at)
      throws IOException {
    long slots = at.names().stream().filter(name -> name.startsWith("redo-")).count();
    for (int i = 1; i < slots; i++) {
      assertThat(image.beginStaging(20 + i)).as("slot %d of %d", i + 1, slots).isNotNull();
    }
    assertThat(image.beginStaging(24)).isNull();
  }

  @Test
  void slotsThatFindNoSpaceAreDoneWithout() throws IOException {
    ImageModel model = life(8, 2);
    SimulatedStorage full = new SimulatedStorage(model.storage.disk, 1);
    full.pagesMax = full.disk.pagesInUse();
    CommittedImage image = CommittedImage.open(full, 4);
    model.checkContents(image, full);
    assertThat(full.names()).contains("redo-b").doesNotContain("redo-c", "redo-c.new");
    assertThat(image.beginStaging(21)).isNotNull();
    assertThat(image.beginStaging(22)).isNull();
  }

  /** Two threads: whatever each of them has done by then, for all pairs of moments. */
  @Test
  void stagingAndApplyingMayBeCutAtAnyPairOfMoments() throws IOException {
    ImageModel model = new ImageModel(3, 2);
    model.commit(1, 100, 0, 1, 2);
    Staging two = model.stage(2, 9000, 2, 3, 4, 7, 6, 5);
    model.seal(two);
    SimulatedDisk base = model.storage.disk.copy();
    int start = model.steps();
    model.stage(3, 9000, 1, 5, 3, 4);
    int staged = model.steps();
    model.image.apply(two);
    List<Step> staging = model.storage.journal.subList(start, staged);
    List<Step> applying = model.storage.journal.subList(staged, model.steps());
    for (int i = 0; i <= staging.size(); i++) {
      SimulatedDisk disk = base.copy();
      staging.subList(0, i).forEach(disk::execute);
      for (int j = 0; j <= applying.size(); j++) {
        if (j > 0) {
          disk.execute(applying.get(j - 1));
        }
        model.recoverAndCheck(disk, start, j).close();
      }
    }
  }

  @Test
  void recordThatFindsNoSpaceLeavesTheImageAsItWas() throws IOException {
    ImageModel model = new ImageModel(4, 2);
    model.commit(1, 100, 0, 1);
    long inUse = model.storage.disk.pagesInUse();
    for (int free = 0; free < 6; free++) {
      model.storage.pagesMax = inUse + free;
      Staging staging = Objects.requireNonNull(model.image.beginStaging(2));
      assertThatThrownBy(() -> staging.reserve(ImageModel.RAM_PAGES))
          .isInstanceOf(NoSpaceException.class);
      assertThat(model.storage.disk.pagesInUse()).isEqualTo(inUse);
      staging.abandon();
      assertThat(model.storage.disk.pagesInUse()).isEqualTo(inUse);
      model.recoverAndCheck(model.storage.disk, model.steps(), free).close();
    }
    model.setUnprotected(2);
    model.commit(3, 100, 5, 6);
    model.storage.pagesMax = Long.MAX_VALUE;
    model.commit(4, 16_000, 1, 2, 3, 4, 5, 6, 7, 0);
    model.recoverAndCheck(model.storage.disk, model.steps(), 0).close();
  }

  @Test
  void resetWithoutSpaceIsCommittedAndFinishedLater() throws IOException {
    ImageModel model = new ImageModel(5, 2);
    model.commit(1, 100, 0, 1);
    model.storage.pagesMax = model.storage.disk.pagesInUse() - 1;
    assertThatThrownBy(() -> model.reset(2)).isInstanceOf(NoSpaceException.class);
    assertThat(model.image.isCold()).isTrue();
    assertThatThrownBy(() -> model.image.beginStaging(3)).isInstanceOf(IllegalStateException.class);
    model.recoverAndCheck(model.storage.disk, model.steps(), 0).close();
    model.storage.pagesMax++;
    model.reset(3);
    model.commit(4, 100, 1);
    model.recoverAndCheck(model.storage.disk, model.steps(), 0).close();
  }
}
