package io.tardigrade.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.tardigrade.guest.HostPaths;
import io.tardigrade.preserve.Region;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * What {@code host reset} says and refuses before it touches anything, by the command; on a machine
 * that preserves no memory, so that none of this can ever reset it.
 */
class HostResetCommandTest {
  private static final int CONFLICT = 5;

  @TempDir Path folder;
  private final ByteArrayOutputStream out = new ByteArrayOutputStream();
  private final ByteArrayOutputStream err = new ByteArrayOutputStream();
  private Map<String, String> environment;

  @BeforeEach
  void makeHost() throws IOException {
    assumeTrue(
        Region.of(Files.readString(Path.of("/proc/cmdline"))).isEmpty(),
        "this machine preserves memory, and could be reset");
    environment =
        Map.of(
            "TARDIGRADE_STATE", folder.resolve("state").toString(),
            "TARDIGRADE_RUN", folder.resolve("run").toString(),
            "TARDIGRADE_IMAGES", folder.resolve("images").toString());
  }

  private void guest(String name, String desired) throws IOException {
    Path guest = HostPaths.of(environment).guest(name);
    Files.createDirectories(guest);
    Files.writeString(guest.resolve("spec.json"), "{}");
    Files.writeString(guest.resolve("desired"), desired + "\n");
  }

  private int reset(String... options) {
    out.reset();
    err.reset();
    Session session =
        new Session(
            environment,
            new ByteArrayInputStream(new byte[0]),
            new PrintStream(out, true, StandardCharsets.UTF_8),
            new PrintStream(err, true, StandardCharsets.UTF_8),
            false,
            false,
            InstantSource.fixed(Instant.parse("2026-11-22T18:00:00Z")),
            (_, _) -> {
              throw new AssertionError("a reset asks no agent");
            });
    String[] line = new String[options.length + 2];
    line[0] = "host";
    line[1] = "reset";
    System.arraycopy(options, 0, line, 2, options.length);
    return Cli.run(session, line);
  }

  private String told() {
    return err.toString(StandardCharsets.UTF_8);
  }

  @Test
  void guestThatWouldLoseItsMemoryIsNamedAndRefusedUnlessThatIsAgreedTo() throws IOException {
    guest("kv", "running");
    guest("old", "stopped");
    assertThat(reset()).isEqualTo(CONFLICT);
    assertThat(out.toString(StandardCharsets.UTF_8))
        .containsPattern("GUEST +FATE +REASON")
        .containsPattern("kv +restart +no guardian answers for it")
        .containsPattern("old +stays stopped +it is stopped");
    assertThat(told())
        .contains("these guests would lose their memory: kv (no guardian answers for it)")
        .contains("--restart-others")
        .doesNotContain("old (");

    // What is in the way next is another thing.
    assertThat(reset("--restart-others")).isEqualTo(CONFLICT);
    assertThat(told()).contains("no memory is preserved").doesNotContain("lose their memory");
  }

  @Test
  void dryRunTellsFatesAlsoOfAHostThatCannotBeReset() throws IOException {
    guest("kv", "running");
    assertThat(reset("--dry-run", "-o", "json")).isEqualTo(CONFLICT);
    assertThat(out.toString(StandardCharsets.UTF_8))
        .contains("\"kv\"", "\"restart\"", "no guardian answers");
    assertThat(told()).contains("host preserve").doesNotContain("lose their memory");
  }

  @Test
  void hostThatIsNotPreparedIsNotReset() {
    assertThat(reset()).isEqualTo(CONFLICT);
    assertThat(told()).contains("'tardigrade host preserve' says how");
  }
}
