package io.tardigrade.reset;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.tardigrade.guest.GuestStatus;
import io.tardigrade.launch.RefusedException;
import io.tardigrade.preserve.Place;
import io.tardigrade.preserve.Region;
import java.time.Instant;
import java.util.List;
import java.util.Map;
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

  /** As which this host is of the view, who leads, who backs up: what becomes of it. */
  @ParameterizedTest
  @CsvSource({
    "RUNNING,    primary, a, 'b c', SWITCH_OVER, b holds all of it",
    "RECOVERING, primary, a, 'b c', SWITCH_OVER, b holds all of it",
    "RUNNING,    primary, a, '',    RESUME,      no backup of it is ready",
    "STARTING,   primary, a, '',    RESTART,     nothing of it is committed yet",
    "BACKUP,     backup,  b, 'a c', RETURNS,     b runs it",
    "BACKUP,     backup,  '', '',   RESTART,     whether it runs here cannot be told",
    "BACKUP,     busy,    a, b,     RESTART,     cannot be told",
    "RUNNING,    busy,    '', '',   RESTART,     cannot be told",
  })
  void replicatedGuestRunsElsewhereWhereItCan(
      GuestStatus.State state,
      String role,
      String primary,
      String backups,
      GuestFate.Fate fate,
      String reason) {
    List<String> hosts = backups.isEmpty() ? List.of() : List.of(backups.split(" ", -1));
    GuestStatus status =
        status(state).as(new GuestStatus.Replica("kv-1", role, 7, primary, hosts, "", Map.of()));
    GuestFate told = GuestFate.of("kv", true, Place.PRESERVED, true, Optional.of(status));
    assertThat(told.fate()).isEqualTo(fate);
    assertThat(told.reason()).contains(reason);
    assertThat(told.host()).isEqualTo(fate == GuestFate.Fate.SWITCH_OVER ? "b" : null);
  }

  @Test
  void whatRunsElsewhereIsNoLoss() {
    GuestStatus.Replica led =
        new GuestStatus.Replica("kv-1", "primary", 7, "a", List.of("b"), "", Map.of());
    Optional<GuestStatus> moves = Optional.of(status(GuestStatus.State.RUNNING).as(led));
    // Where its image lies does not matter then.
    GuestFate.refuseLosses(List.of(GuestFate.of("kv", true, null, false, moves)), false);
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
