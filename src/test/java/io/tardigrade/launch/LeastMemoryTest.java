package io.tardigrade.launch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.tardigrade.guest.UsageException;
import io.tardigrade.qemu.Accelerator;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** That a guest boots with the least is a system test's. */
class LeastMemoryTest {
  private static final long MIB = 1 << 20;

  private static LaunchRequest request(long mebibytes, int vcpus) {
    return new LaunchRequest(
        "kv",
        mebibytes * MIB,
        vcpus,
        100,
        true,
        false,
        null,
        Accelerator.TCG,
        List.of(),
        List.of(),
        new GuestSource.Program(List.of("redis-server"), List.of(), Map.of(), null));
  }

  @Test
  void imageCountsTwiceAndEachFurtherProcessorOnce() {
    assertThat(LeastMemory.bytes(0, 1)).isEqualTo(72 * MIB);
    assertThat(LeastMemory.bytes(20 * MIB, 1)).isEqualTo(112 * MIB);
    assertThat(LeastMemory.bytes(20 * MIB + 1, 1)).isEqualTo(113 * MIB);
    assertThat(LeastMemory.bytes(20 * MIB, 8)).isEqualTo(119 * MIB);
  }

  @Test
  void lessIsRefusedInOneLineThatNamesTheLeast() {
    assertThatThrownBy(() -> LeastMemory.check(request(64, 1), 20 * MIB))
        .isInstanceOf(UsageException.class)
        .hasMessage(
            "memory of 64 MiB is too little for redis-server: with an image of 20 MiB a guest boots"
                + " with 112M at the least; give more, like --memory 128M");
    assertThatThrownBy(() -> LeastMemory.check(request(112, 2), 20 * MIB))
        .hasMessageContaining("113M at the least");
    assertThatCode(() -> LeastMemory.check(request(112, 1), 20 * MIB)).doesNotThrowAnyException();
  }
}
