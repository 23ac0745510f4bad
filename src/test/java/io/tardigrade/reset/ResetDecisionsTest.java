package io.tardigrade.reset;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.tardigrade.guest.GuestStatus;
import io.tardigrade.launch.RefusedException;
import io.tardigrade.preserve.Place;
import io.tardigrade.preserve.Region;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What a reset says and does before any guest stands still. */
class ResetDecisionsTest {
  private static final Region REGION = new Region(1L << 30, 512L << 20);

  @Test
  void nextKernelReservesTheRegionOnceWhateverItWasGiven() {
    assertThat(NextKernel.reserving("BOOT_IMAGE=/vmlinuz quiet memmap=512M!1G panic=5", REGION))
        .isEqualTo("quiet panic=5 memmap=512M!1024M");
    assertThat(NextKernel.reserving("", REGION)).isEqualTo("memmap=512M!1024M");
    assertThat(NextKernel.reserving("memmap=4K$0x1000\n", REGION))
        .isEqualTo("memmap=4K$0x1000 memmap=512M!1024M");
  }

  @Test
  void guestWithoutAGuardianOrPreservedImageIsNamedAsRestarted() {
    assertThat(GuestFate.of("kv", true, Place.PRESERVED, true, Optional.empty()).fate())
        .isEqualTo(GuestFate.Fate.RESTART);
    assertThat(GuestFate.of("kv", true, null, true, Optional.empty()).fate())
        .isEqualTo(GuestFate.Fate.RESTART);
    assertThat(GuestFate.of("kv", false, Place.PRESERVED, true, Optional.empty()).fate())
        .isEqualTo(GuestFate.Fate.STAYS_STOPPED);
  }

  /** Where its image lies, whether preserved memory is mounted, how it is: what becomes of it. */
  @ParameterizedTest
  @CsvSource({
    "PRESERVED, true,  RUNNING,     RESUME,  'protected, at epoch 42 now'",
    "PRESERVED, true,  STARTING,    RESTART, nothing of it is committed yet",
    "PRESERVED, true,  UNPROTECTED, RESTART, no space",
    "PRESERVED, true,  RECOVERING,  RESTART, being recovered",
    "PRESERVED, true,  STOPPED,     RESTART, just ended",
    "PRESERVED, true,  FAILED,      RESTART, just ended",
    "PRESERVED, true,  ,            RESTART, no guardian answers",
    "PRESERVED, false, RUNNING,     RESTART, not mounted",
    "PRESERVED, false, STARTING,    RESTART, not mounted",
    "PRESERVED, false, UNPROTECTED, RESTART, not mounted",
    "PRESERVED, false, ,            RESTART, no guardian answers",
    "ORDINARY,  true,  RUNNING,     RESTART, ordinary memory",
    "ORDINARY,  true,  STARTING,    RESTART, ordinary memory",
    "ORDINARY,  true,  UNPROTECTED, RESTART, ordinary memory",
    "ORDINARY,  false, RUNNING,     RESTART, ordinary memory",
    "ORDINARY,  false, ,            RESTART, no guardian answers",
    ",          true,  RUNNING,     RESTART, no guardian answers",
    ",          false, RUNNING,     RESTART, no guardian answers",
  })
  void guestIsResumedOnlyIfAllOfItIsKept(
      @Nullable Place place,
      boolean mounted,
      GuestStatus.@Nullable State state,
      GuestFate.Fate fate,
      String reason) {
    Optional<GuestStatus> status = Optional.ofNullable(state).map(ResetDecisionsTest::status);
    GuestFate told = GuestFate.of("kv", true, place, mounted, status);
    assertThat(told.fate()).isEqualTo(fate);
    assertThat(told.reason()).contains(reason);
    assertThat(GuestFate.of("kv", false, place, mounted, status).fate())
        .as("a guest that is not to run")
        .isEqualTo(GuestFate.Fate.STAYS_STOPPED);
  }

  @Test
  void resetThatLosesAGuestIsRefusedUnlessThatIsAgreedTo() {
    GuestFate kept = GuestFate.of("kv", true, Place.PRESERVED, true, running());
    GuestFate lost = GuestFate.of("web", true, Place.ORDINARY, true, running());
    GuestFate stopped = GuestFate.of("old", false, null, true, Optional.empty());
    GuestFate.refuseLosses(List.of(kept, stopped), false);
    GuestFate.refuseLosses(List.of(kept, lost, stopped), true);
    assertThatThrownBy(() -> GuestFate.refuseLosses(List.of(kept, lost, stopped), false))
        .isInstanceOfSatisfying(
            RefusedException.class,
            refused -> assertThat(refused.kind()).isEqualTo(RefusedException.Kind.CONFLICT))
        .hasMessageContaining(
            ": web (its committed image lies in ordinary memory; 'tardigrade move web --to preserved'"
                + " moves it); --restart");
  }

  private static Optional<GuestStatus> running() {
    return Optional.of(status(GuestStatus.State.RUNNING));
  }

  private static GuestStatus status(GuestStatus.State state) {
    GuestStatus.Quantiles none = new GuestStatus.Quantiles(null, null, 0);
    GuestStatus.ProcessStatus process = new GuestStatus.ProcessStatus(null, null);
    return new GuestStatus(
        "kv",
        state,
        state == GuestStatus.State.UNPROTECTED ? "no space" : null,
        "10.0.0.2",
        "52:54:00:00:00:02",
        128L << 20,
        1,
        "kvm",
        "microvm",
        "redis",
        List.of(),
        List.of(),
        Instant.EPOCH,
        process,
        process,
        true,
        new GuestStatus.Protection("soft-dirty", 42, none, none, none, 0, 0),
        new GuestStatus.Recoveries(0, null, null, null),
        null,
        null);
  }

  @Test
  void newGuestsArePlacedInPreservedMemoryWhileRoomLasts() {
    assertThat(Place.choose(true, 100, 100)).isEqualTo(Place.PRESERVED);
    assertThat(Place.choose(true, 99, 100)).isEqualTo(Place.ORDINARY);
    assertThat(Place.choose(false, 100, 10)).isEqualTo(Place.ORDINARY);
  }
}
