package io.tardigrade.core;

import static org.assertj.core.api.Assertions.assertThat;

import io.tardigrade.core.ScrubPolicy.Action;
import io.tardigrade.core.ScrubPolicy.Findings;
import io.tardigrade.core.ScrubPolicy.GuestPage;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

class ScrubPolicyTest {
  private static final Set<Action> WRITES_GUEST =
      Set.of(Action.FROM_IMAGE, Action.FROM_RECORD, Action.FLIP_BACK);

  /** All there are. */
  private static List<Findings> all() {
    List<Findings> all = new ArrayList<>();
    for (GuestPage guest : GuestPage.values()) {
      for (int bits = 0; bits < 32; bits++) {
        all.add(
            new Findings(
                (bits & 1) != 0,
                guest,
                (bits & 2) != 0,
                (bits & 4) != 0,
                (bits & 8) != 0,
                (bits & 16) != 0));
      }
    }
    return all;
  }

  private static Action decide(
      boolean image, GuestPage guest, boolean record, boolean checksum, boolean bit) {
    return ScrubPolicy.decide(new Findings(image, guest, record, checksum, bit, true));
  }

  @Test
  void nothingIsDoneExactlyWhereNothingIsDamaged() {
    for (Findings f : all()) {
      boolean well = f.imageMatches() && f.guest() != GuestPage.DIFFERS;
      assertThat(ScrubPolicy.decide(f) == Action.NOTHING).as("%s", f).isEqualTo(well);
    }
  }

  @Test
  void aRepairTakesOnlyWhatMatches() {
    for (Findings f : all()) {
      switch (ScrubPolicy.decide(f)) {
        case FROM_IMAGE -> assertThat(f.imageMatches()).as("%s", f).isTrue();
        case FROM_GUEST -> assertThat(f.guest()).as("%s", f).isEqualTo(GuestPage.MATCHES);
        case FROM_RECORD -> assertThat(f.recordHolds()).as("%s", f).isTrue();
        case RENEW_CHECKSUM -> assertThat(f.checksumFlipped()).as("%s", f).isTrue();
        case FLIP_BACK -> assertThat(f.bitKnown()).as("%s", f).isTrue();
        case ROLL_BACK ->
            assertThat(f.imageMatches() || f.recordHolds() || f.bitKnown()).as("%s", f).isTrue();
        case NOTHING, AWAIT_CHECKPOINT, TELL -> {}
      }
    }
  }

  @Test
  void nothingIsGivenUpWhileAnyCopyIsRight() {
    for (Findings f : all()) {
      boolean right =
          f.imageMatches()
              || f.guest() == GuestPage.MATCHES
              || f.recordHolds()
              || f.checksumFlipped()
              || f.bitKnown();
      if (ScrubPolicy.decide(f) == Action.TELL) {
        assertThat(right).as("%s", f).isFalse();
      }
    }
  }

  @Test
  void guestGoesBackOnlyWhereItsPageIsWrongAndCannotBeWritten() {
    for (Findings f : all()) {
      Action action = ScrubPolicy.decide(f);
      if (action == Action.ROLL_BACK) {
        assertThat(f.guest()).as("%s", f).isEqualTo(GuestPage.DIFFERS);
        assertThat(f.guestWritable()).as("%s", f).isFalse();
      }
      if (f.guest() == GuestPage.DIFFERS && WRITES_GUEST.contains(action)) {
        assertThat(f.guestWritable()).as("%s", f).isTrue();
        assertThat(ScrubPolicy.decide(f.guestNotWritable())).isEqualTo(Action.ROLL_BACK);
      }
    }
  }

  @Test
  void whateverTheGuestWroteSinceIsNeverTakenForDamage() {
    assertThat(decide(true, GuestPage.WRITTEN, false, false, false)).isEqualTo(Action.NOTHING);
    for (Findings f : all()) {
      if (f.guest() == GuestPage.WRITTEN) {
        assertThat(ScrubPolicy.decide(f)).as("%s", f).isNotIn(Action.ROLL_BACK, Action.TELL);
      }
    }
  }

  @Test
  void copiesAreTakenInTheOrderOfTheirCertainty() {
    assertThat(decide(true, GuestPage.DIFFERS, true, true, true)).isEqualTo(Action.FROM_IMAGE);
    assertThat(decide(false, GuestPage.MATCHES, true, true, true)).isEqualTo(Action.FROM_GUEST);
    assertThat(decide(false, GuestPage.SHARED, true, true, true)).isEqualTo(Action.FROM_RECORD);
    assertThat(decide(false, GuestPage.SHARED, false, true, true)).isEqualTo(Action.RENEW_CHECKSUM);
    assertThat(decide(false, GuestPage.SHARED, false, false, true)).isEqualTo(Action.FLIP_BACK);
    assertThat(decide(false, GuestPage.SHARED, false, false, false)).isEqualTo(Action.TELL);
    assertThat(decide(false, GuestPage.DIFFERS, false, false, false)).isEqualTo(Action.TELL);
    assertThat(decide(false, GuestPage.WRITTEN, false, false, false))
        .isEqualTo(Action.AWAIT_CHECKPOINT);
  }
}
