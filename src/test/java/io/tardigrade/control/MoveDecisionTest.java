package io.tardigrade.control;

import static org.assertj.core.api.Assertions.assertThat;

import io.tardigrade.control.MoveDecision.Kind;
import io.tardigrade.control.MoveDecision.Room;
import io.tardigrade.guest.GuestStatus;
import io.tardigrade.guest.GuestStatus.State;
import io.tardigrade.preserve.Place;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class MoveDecisionTest {
  private static final Room AMPLE = new Room(true, 1 << 30, 1 << 28);

  private static Optional<GuestStatus> guest(State state) {
    GuestStatus.ProcessStatus none = new GuestStatus.ProcessStatus(null, null);
    GuestStatus.Quantiles unknown = new GuestStatus.Quantiles(null, null, 0);
    return Optional.of(
        new GuestStatus(
            "kv",
            state,
            state == State.UNPROTECTED ? "no space" : null,
            "10.0.0.2",
            "",
            1 << 27,
            1,
            "tcg",
            "microvm",
            "redis",
            List.of(),
            List.of(),
            Instant.EPOCH,
            none,
            none,
            true,
            new GuestStatus.Protection(null, 7, unknown, unknown, unknown, 0, 0),
            new GuestStatus.Recoveries(0, null, null, null),
            null,
            null));
  }

  private static MoveDecision decide(
      @Nullable Place lies, Place to, Room room, Optional<GuestStatus> status) {
    return MoveDecision.of("kv", lies, to, room, status);
  }

  @Test
  void guestThatRunsIsMovedWhereThereIsRoom() {
    assertThat(decide(Place.ORDINARY, Place.PRESERVED, AMPLE, guest(State.RUNNING)).kind())
        .isEqualTo(Kind.MOVE);
    assertThat(decide(Place.PRESERVED, Place.ORDINARY, AMPLE, guest(State.RUNNING)).kind())
        .isEqualTo(Kind.MOVE);
  }

  @Test
  void guestThatLiesThereIsDoneWhateverElseIsSo() {
    Room nowhere = new Room(false, 0, 1);
    assertThat(decide(Place.PRESERVED, Place.PRESERVED, nowhere, Optional.empty()).kind())
        .isEqualTo(Kind.DONE_ALREADY);
  }

  @Test
  void everyRefusalNamesWhatStandsAgainstItAndWhatToDo() {
    assertThat(decide(null, Place.PRESERVED, AMPLE, guest(State.RUNNING)).reason())
        .contains("'kv' does not run");
    assertThat(decide(Place.ORDINARY, Place.PRESERVED, AMPLE, Optional.empty()))
        .matches(d -> d.kind() == Kind.REFUSE)
        .matches(d -> d.reason().contains("does not run"));
    assertThat(decide(Place.ORDINARY, Place.PRESERVED, AMPLE, guest(State.UNPROTECTED)).reason())
        .contains("UNPROTECTED (no space)", "protected can be moved");
    Room none = new Room(false, 0, 1 << 28);
    assertThat(decide(Place.ORDINARY, Place.PRESERVED, none, guest(State.RUNNING)).reason())
        .contains("host preserve", "doctor");
    Room full = new Room(true, 1 << 20, 1 << 28);
    assertThat(decide(Place.ORDINARY, Place.PRESERVED, full, guest(State.RUNNING)).reason())
        .isEqualTo(
            "preserved memory has 1 MiB free and 256 MiB are needed; move or delete another"
                + " guest");
  }

  @Test
  void onlyAGuestThatIsProtectedIsMoved() {
    for (State state : State.values()) {
      assertThat(decide(Place.ORDINARY, Place.PRESERVED, AMPLE, guest(state)).kind())
          .as(state.name())
          .isEqualTo(state == State.RUNNING ? Kind.MOVE : Kind.REFUSE);
    }
  }
}
