package io.tardigrade.box;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.time.Duration;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** The box is what other tests take it for: a host with a working KVM and soft-dirty tracking. */
@Tag("box")
class BoxSmokeTest {
  private static HostBox box;

  @BeforeAll
  static void boot() throws IOException {
    long start = System.nanoTime();
    box = HostBox.start(BoxOptions.withProduct());
    System.out.println("boot ms " + (System.nanoTime() - start) / 1000000);
  }

  @AfterAll
  static void end() throws IOException {
    box.close();
  }

  @Test
  void commandsAreAnswered() throws IOException {
    BoxResult result =
        box.run(
            "cat; echo no >&2; exit 3",
            "yes".getBytes(java.nio.charset.StandardCharsets.UTF_8),
            Duration.ofSeconds(10));
    assertThat(result.exitCode()).isEqualTo(3);
    assertThat(result.text()).isEqualTo("yes");
    assertThat(result.errorText()).isEqualTo("no");
    System.out.println(
        box.run(
                "cat /proc/uptime; echo $CLASSPATH; lsmod; df; free -m; time java -version; ls -R /opt/tardigrade | head -50",
                Duration.ofSeconds(60))
            .orThrow());
    BoxResult x =
        box.run(
                "cat /proc/uptime; echo $CLASSPATH; lsmod; df; free -m; time java -version; ls -R /opt/tardigrade | head -80",
                Duration.ofSeconds(60))
            .orThrow();
    System.out.println(x.text() + x.errorText());
  }
}
