package io.tardigrade.reset;

import static org.assertj.core.api.Assertions.assertThat;

import io.tardigrade.preserve.Place;
import io.tardigrade.preserve.Region;
import java.util.Optional;
import org.junit.jupiter.api.Test;

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

  @Test
  void newGuestsArePlacedInPreservedMemoryWhileRoomLasts() {
    assertThat(Place.choose(true, 100, 100)).isEqualTo(Place.PRESERVED);
    assertThat(Place.choose(true, 99, 100)).isEqualTo(Place.ORDINARY);
    assertThat(Place.choose(false, 100, 10)).isEqualTo(Place.ORDINARY);
  }
}
