package io.tardigrade.lab;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.tardigrade.guest.UsageException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class LabOptionsTest {
  private static final long MIB = 1L << 20;

  @ParameterizedTest
  @CsvSource({
    "2048, 512, memmap=512M!1024M",
    "2048, 128, memmap=128M!1024M",
    "8192, 512, memmap=512M!1024M",
    "5632, 2048, memmap=2048M!4096M",
    "8192, 4096, memmap=4096M!4096M",
  })
  void regionLiesWhereNeitherInitrdNorCrashKernelAre(
      long memoryMib, long preserveMib, String argument) {
    assertThat(PreservedRegion.of(memoryMib * MIB, preserveMib * MIB).argument())
        .isEqualTo(argument);
  }

  @ParameterizedTest
  @CsvSource({
    "2048, 100, multiple of 128M",
    "2048, -128, multiple of 128M",
    "2048, 640, does not fit",
    "1024, 128, does not fit",
    "5504, 2048, does not fit",
    "512, 0, 1G to 64G",
    "131072, 0, 1G to 64G",
  })
  void memoryThatCannotBeIsRefusedByWhatCanBe(long memoryMib, long preserveMib, String said) {
    assertThatThrownBy(() -> LabOptions.defaults().memory(memoryMib * MIB, preserveMib * MIB))
        .isInstanceOf(UsageException.class)
        .hasMessageContaining(said);
  }

  @Test
  void processorsAreBounded() {
    assertThatThrownBy(() -> LabOptions.defaults().vcpus(0)).hasMessageContaining("give 1 to 4");
    assertThatThrownBy(() -> LabOptions.defaults().vcpus(5)).hasMessageContaining("give 1 to 4");
  }
}
