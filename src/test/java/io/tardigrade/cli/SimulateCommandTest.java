package io.tardigrade.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.tardigrade.story.Stories;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SimulateCommandTest {
  private static final String STEPS = "# A tale\n0s guest kv\n5s kill agent\n9s end\n";

  @TempDir Path folder;
  private final ByteArrayOutputStream out = new ByteArrayOutputStream();
  private final ByteArrayOutputStream err = new ByteArrayOutputStream();

  private int cli(String... arguments) {
    out.reset();
    err.reset();
    return Cli.run(
        Session.onHost(
            Map.of(),
            new ByteArrayInputStream(new byte[0]),
            new PrintStream(out, true, StandardCharsets.UTF_8),
            new PrintStream(err, true, StandardCharsets.UTF_8)),
        arguments);
  }

  private String story(String steps) throws IOException {
    Files.writeString(folder.resolve("steps"), steps);
    return folder.toString();
  }

  private String said() {
    return out.toString(StandardCharsets.UTF_8);
  }

  @Test
  void storiesAreListedWithTheirTitles() throws IOException {
    assertThat(cli("simulate", "--list")).isZero();
    assertThat(said()).startsWith("STORY").hasLineCount(Stories.names().size() + 1);
    assertThat(cli("simulate", "--list", "-o", "name")).isZero();
    assertThat(said().lines()).containsExactlyElementsOf(Stories.names());
  }

  @Test
  void aStoryIsToldAsExpected() {
    assertThat(cli("simulate", "hypervisor-dies")).isZero();
    assertThat(said()).contains("decided  recycle the hypervisor of kv").endsWith("ends\n");
    assertThat(cli("simulate", "hypervisor-dies", "-o", "json")).isZero();
    assertThat(said()).contains("\"at_seconds\" : 30.0", "\"kind\" : \"decided\"", "\"reasons\"");
  }

  @Test
  void aStoryOfOnesOwnNeedsNoExpectedLog() throws IOException {
    assertThat(cli("simulate", story(STEPS))).isZero();
    Files.writeString(folder.resolve("expected.log"), said());
    assertThat(cli("simulate", folder.toString())).isZero();
    Files.writeString(folder.resolve("expected.log"), said().replace("0:00:05", "0:00:06"));
    assertThat(cli("simulate", folder.toString())).isEqualTo(1);
    assertThat(err.toString(StandardCharsets.UTF_8)).contains("line 1 is").hasLineCount(1);
  }

  @Test
  void whatIsWrongIsToldInOneLineWithItsExitCode() throws IOException {
    assertThat(cli("simulate", story("0s guest kv\n1s kill guardian vk\n"))).isEqualTo(2);
    assertThat(err.toString(StandardCharsets.UTF_8))
        .contains("steps, line 2: there is no guest 'vk'")
        .hasLineCount(1);
    assertThat(cli("simulate", "hypervisor-die")).isEqualTo(4);
    assertThat(err.toString(StandardCharsets.UTF_8)).contains("did you mean hypervisor-dies?");
    assertThat(cli("simulate")).isEqualTo(2);
    assertThat(cli("simulate", "--list", "busy-host")).isEqualTo(2);
  }

  @Test
  void seedPlaysAClusterAndPrintsItsLog() {
    assertThat(cli("simulate", "--seed", "3")).isZero();
    assertThat(said()).contains("the guest from epoch").contains("well again after");
    assertThat(cli("simulate", "--seed", "3", "-o", "json")).isZero();
    assertThat(cli("simulate", "--seed", "3", "--list")).isEqualTo(2);
    assertThat(cli("simulate", "--seed", "x")).isEqualTo(2);
  }
}
