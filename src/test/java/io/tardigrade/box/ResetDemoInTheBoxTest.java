package io.tardigrade.box;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.List;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * {@code demo reset} as a user types it: a real lab host, a guest under KVM in it, and what the
 * demonstration prints of it. Takes some minutes: run by {@code ./tardigrade test --long} only.
 */
@Tag("box")
@Tag("long")
@Timeout(1800)
class ResetDemoInTheBoxTest {
  private static final Pattern SUM =
      Pattern.compile("(\\d+) increments acknowledged, 0 missing, 0 repeated, 1 connection");
  private static final Pattern WAITED =
      Pattern.compile("(planned reset|kernel panic): the client waited ([0-9.]+) s");
  private static final Pattern STOOD = Pattern.compile("stood still for ([0-9.]+) s");

  @TempDir Path home;

  @Test
  void clientCountsThroughAResetAndAPanicAndIsToldWhereTheTimeWent() throws Exception {
    LabUser user = LabUser.in(home);
    LabUser.Said demo = user.cli("", "demo", "reset");
    System.out.println(demo.out().indent(1).replaceAll("(?m)^ ", "[box] "));

    assertThat(demo.code()).as("%s%s", demo.err(), demo.out()).isZero();
    assertThat(demo.out()).containsPattern(SUM);
    List<MatchResult> strikes = WAITED.matcher(demo.out()).results().toList();
    assertThat(strikes)
        .extracting(found -> found.group(1))
        .containsExactly("planned reset", "kernel panic");
    String reset = demo.out().substring(strikes.getFirst().end(), strikes.getLast().start());
    String panic = demo.out().substring(strikes.getLast().end());
    assertThat(phases(reset))
        .startsWith("freeze", "seal", "kexec to agent", "agent to guardian")
        .contains("load state, run");
    assertThat(phases(panic))
        .startsWith("loss to agent", "agent to guardian")
        .contains("load state, run");
    assertBlackoutIsPartOfTheWait(reset, strikes.getFirst());
    assertBlackoutIsPartOfTheWait(panic, strikes.getLast());
    assertThat(user.cli("", "lab", "list", "-o", "name").out()).isBlank();
  }

  /** Names of the phases that are printed, in their order. */
  private static List<String> phases(String printed) {
    return Pattern.compile("(?m)^  (.+) [0-9.]+ (?:s|ms|min)$")
        .matcher(printed)
        .results()
        .map(found -> found.group(1))
        .filter(name -> !name.startsWith("stood"))
        .toList();
  }

  /** A second for clocks on both sides of a loss, which nobody knows better. */
  private static void assertBlackoutIsPartOfTheWait(String printed, MatchResult waited) {
    List<MatchResult> stood = STOOD.matcher(printed).results().toList();
    assertThat(stood).hasSize(1);
    assertThat(Double.parseDouble(stood.getFirst().group(1)))
        .as(printed)
        .isBetween(1.0, Double.parseDouble(waited.group(2)) + 1);
  }
}
