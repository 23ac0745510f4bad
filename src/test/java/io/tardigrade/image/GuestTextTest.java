package io.tardigrade.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What is written for the guest's shell, and what is refused before it gets there. */
class GuestTextTest {
  @TempDir Path folder;

  @Test
  void anyTextComesBackFromAShellUnchanged() throws Exception {
    long seed = System.nanoTime();
    Random random = new Random(seed);
    String alphabet = "'\"\\$`!*?~#;&|<>(){}[] \t\n\r\u0001\u007fäß漢😀-=%a0";
    int[] points = alphabet.codePoints().toArray();
    StringBuilder script = new StringBuilder();
    StringBuilder expected = new StringBuilder();
    for (int i = 0; i < 300; i++) {
      StringBuilder word = new StringBuilder();
      for (int n = random.nextInt(20); n > 0; n--) {
        word.appendCodePoint(points[random.nextInt(points.length)]);
      }
      script.append("printf '%s.' ").append(ShellText.quote(word.toString())).append('\n');
      expected.append(word).append('.');
    }
    Path file = Files.writeString(folder.resolve("script"), script);
    String output = HostCommand.run(null, Duration.ofSeconds(20), List.of("sh", file.toString()));
    assertThat(output).as("seed %d", seed).isEqualTo(expected.toString());
  }

  @Test
  void argumentsThatLinuxCannotPassOnAreRefused() {
    assertThatThrownBy(() -> start(List.of("a", "x\0y"), Map.of()).script())
        .isInstanceOf(ImageException.class);
    assertThatThrownBy(() -> start(List.of("a", "x".repeat(1 << 17)), Map.of()).script())
        .hasMessageContaining("128 KiB");
    assertThatThrownBy(() -> start(List.of("a"), Map.of("A=B", "")).script())
        .hasMessageContaining("variable's name");
  }

  @Test
  void settingsHoldNothingTheShellWouldRun() {
    GuestSettings settings =
        GuestSettings.named("kv")
            .withNetwork(new GuestNetwork("10.1.0.2", 16, "10.1.0.1", List.of("1.1.1.1")))
            .withVolumes(List.of(new GuestVolume("data", "/a'; reboot; '")));
    String text = BootFiles.settingsText(settings, startOf(List.of("a")), false);
    assertThat(text).contains("'data' '/a'\\''; reboot; '\\'''\n");
    assertThat(text).contains("ADDRESS='10.1.0.2'\nPREFIX='16'\nGATEWAY='10.1.0.1'\n");
  }

  @Test
  void serialOfAVolumeFitsVirtioAndTellsLongNamesApart() {
    assertThat(GuestVolume.serial("data")).isEqualTo("data");
    String one = GuestVolume.serial("a-very-long-name-of-a-volume-1");
    String two = GuestVolume.serial("a-very-long-name-of-a-volume-2");
    assertThat(one).hasSize(20).isNotEqualTo(two);
    assertThat(GuestVolume.serial(BootPlan.ROOT_SERIAL)).isNotEqualTo(BootPlan.ROOT_SERIAL);
  }

  @Test
  void badSettingsAreRefusedInOneLine() {
    assertThatThrownBy(() -> new GuestNetwork("10.0.0.256", 24, "10.0.0.1", List.of()))
        .hasMessageContaining("no IPv4 address");
    assertThatThrownBy(() -> new GuestVolume("../x", "/data")).hasMessageContaining("no name");
    assertThatThrownBy(() -> new GuestVolume("x", "/proc")).hasMessageContaining("mounted");
    assertThatThrownBy(() -> new GuestVolume("x", "/a/../..")).hasMessageContaining("mounted");
    assertThatThrownBy(() -> GuestSettings.named("-x")).hasMessageContaining("host name");
    GuestVolume a = new GuestVolume("a", "/a");
    assertThatThrownBy(() -> GuestSettings.named("x").withVolumes(List.of(a, a)))
        .hasMessageContaining("two volumes");
  }

  @Test
  void clockArgumentIsTheNominalFrequencyWhenTheCurrentOneIsFarFromIt() {
    assertThat(BootPlan.clockArgument("model name : X\ncpu MHz\t\t: 2299.998\n"))
        .isEqualTo("tsc_early_khz=2299998");
    assertThat(BootPlan.clockArgument("model name: I @ 2.30GHz\ncpu MHz\t: 2299.998\n"))
        .isEqualTo("tsc_early_khz=2299998");
    assertThat(BootPlan.clockArgument("model name: I @ 2.30GHz\ncpu MHz\t: 800.1\n"))
        .isEqualTo("tsc_early_khz=2300000");
    assertThat(BootPlan.clockArgument("")).isEmpty();
  }

  @Test
  void usersAreResolvedAsOciImagesWriteThem() throws Exception {
    UserDatabase users =
        new UserDatabase(
            "root:x:0:0:root:/root:/bin/sh\nredis:x:101:102::/var/lib/redis:/bin/false\nbroken\n",
            "root:x:0:\nredis:x:102:\nlog:x:7:a,redis\n");
    assertThat(users.resolve("redis"))
        .isEqualTo(new UserIds(101, 102, List.of(7), "/var/lib/redis"));
    assertThat(users.resolve("redis:log"))
        .isEqualTo(new UserIds(101, 7, List.of(), "/var/lib/redis"));
    assertThat(users.resolve("101")).isEqualTo(users.resolve("redis"));
    assertThat(users.resolve("1234:5")).isEqualTo(new UserIds(1234, 5, List.of(), "/"));
    assertThatThrownBy(() -> users.resolve("nobody")).hasMessageContaining("no user `nobody`");
  }

  private static ProgramStart start(List<String> argv, Map<String, String> environment) {
    return new ProgramStart("/bin/a", argv, environment, "/", UserIds.ROOT);
  }

  private static ProgramStart startOf(List<String> argv) {
    return start(argv, Map.of());
  }
}
