package io.tardigrade.launch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.tardigrade.guest.UsageException;
import io.tardigrade.qemu.Accelerator;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class RequestTextTest {
  @Test
  void volumesAreReadInAllTheirForms() {
    assertThat(VolumeRequest.parse("data:/var/lib/redis:1G"))
        .isEqualTo(new VolumeRequest("data", "/var/lib/redis", 1 << 30));
    assertThat(VolumeRequest.parse("data:/srv/")).isEqualTo(new VolumeRequest("data", "/srv", 0));
    assertThat(VolumeRequest.parse("data:16M")).isEqualTo(new VolumeRequest("data", "", 16 << 20));
    assertThat(VolumeRequest.parse("data")).isEqualTo(new VolumeRequest("data", "", 0));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        ":",
        "data:",
        "Data:/x",
        "data:/",
        "data:/a/../b",
        "data:/a b",
        "data:/x:1G:2",
        "data:/x:3",
        "data:/x:big",
        "data:relative",
        "data:/x:99999T",
        "../etc:/x"
      })
  void volumesThatMakeNoSenseAreRefused(String text) {
    assertThatThrownBy(() -> VolumeRequest.parse(text)).isInstanceOf(UsageException.class);
  }

  @Test
  void randomVolumeTextIsReadOrRefusedInOneLine() {
    long seed = System.nanoTime();
    Random random = new Random(seed);
    String letters = "ab:/.-1GM \n\0,\\é";
    for (int i = 0; i < 20_000; i++) {
      StringBuilder text = new StringBuilder();
      for (int n = random.nextInt(12); n > 0; n--) {
        text.append(letters.charAt(random.nextInt(letters.length())));
      }
      try {
        VolumeRequest volume = VolumeRequest.parse(text.toString());
        assertThat(volume.path()).as("seed %d", seed).doesNotContain("..", " ", "\n");
      } catch (UsageException expected) {
        assertThat(expected.getMessage()).as("seed %d", seed).isNotEmpty();
      }
    }
  }

  @Test
  void addedFilesKeepTheirPlaceUnlessToldAnother() {
    assertThat(AddedFile.parse("/etc/hosts").destination()).isEqualTo("/etc/hosts");
    assertThat(AddedFile.parse("/etc/hosts:/srv/h").destination()).isEqualTo("/srv/h");
    assertThatThrownBy(() -> AddedFile.parse("/etc/hosts:relative"))
        .isInstanceOf(UsageException.class);
    assertThatThrownBy(() -> AddedFile.parse(":/x")).isInstanceOf(UsageException.class);
  }

  @ParameterizedTest
  @ValueSource(longs = {0, 3, -1, (64L << 20) - 1, (128L << 20) + 1, 2L << 40, Long.MAX_VALUE})
  void memoryOutOfRangeIsRefused(long bytes) {
    assertThatThrownBy(() -> request("kv", bytes, 1, 100)).isInstanceOf(UsageException.class);
  }

  @Test
  void numbersOutOfRangeAreRefused() {
    assertThatThrownBy(() -> request("kv", 128 << 20, 0, 100)).isInstanceOf(UsageException.class);
    assertThatThrownBy(() -> request("kv", 128 << 20, 9, 100)).isInstanceOf(UsageException.class);
    assertThatThrownBy(() -> request("kv", 128 << 20, 1, 0)).isInstanceOf(UsageException.class);
    assertThatThrownBy(() -> request("KV", 128 << 20, 1, 100)).isInstanceOf(UsageException.class);
    assertThat(request("kv", 128 << 20, 8, 5).vcpus()).isEqualTo(8);
  }

  private static LaunchRequest request(String name, long memory, int vcpus, long interval) {
    return new LaunchRequest(
        name,
        memory,
        vcpus,
        interval,
        true,
        false,
        null,
        Accelerator.TCG,
        List.of(),
        List.of(),
        new GuestSource.Program(List.of("true"), List.of(), Map.of(), null));
  }
}
