package io.tardigrade.reset;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** When the repair of a host is over, and who may begin one. */
class RepairEndTest {
  /** Whose, in which boot, whether it is being reset, whether guests run, minutes: whether over. */
  @ParameterizedTest
  @CsvSource({
    "true,  false, false, true,  1,  true",
    "true,  false, false, false, 1,  false",
    "true,  false, false, false, 29, false",
    "true,  false, true,  true,  1,  false",
    "true,  true,  false, true,  1,  false",
    "true,  true,  false, true,  11, true",
    "true,  true,  false, false, 11, true",
    "true,  true,  true,  true,  11, false",
    "false, false, false, true,  29, false",
    "false, true,  false, true,  29, false",
  })
  void repairIsOverOnceTheHostIsBackWithItsGuests(
      boolean ofThisHost,
      boolean ofThisBoot,
      boolean resets,
      boolean guestsRun,
      long minutes,
      boolean over) {
    assertThat(new RepairEnd(ofThisHost, ofThisBoot, resets, guestsRun, minutes * 60_000).isOver())
        .isEqualTo(over);
  }

  @Test
  void hostThatCannotAskWhetherAnotherIsRepairedBeginsNone() {
    Repair unknown = Repair.unknown("the service is out");
    assertThat(unknown.other()).contains("cannot be told: the service is out");
    assertThatThrownBy(() -> unknown.begin("x"))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("the service is out");
    assertThat(Repair.ALONE.other()).isEmpty();
  }
}
