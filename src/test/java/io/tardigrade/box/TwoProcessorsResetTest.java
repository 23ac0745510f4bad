package io.tardigrade.box;

import static org.assertj.core.api.Assertions.assertThat;

import io.tardigrade.lab.CommandResult;
import io.tardigrade.lab.LabHost;
import io.tardigrade.lab.LabOptions;
import java.io.IOException;
import java.time.Duration;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestMethodOrder;

/**
 * A guest with two processors and a disk, which lies in ordinary memory at first, is moved into
 * preserved memory while a client counts in it, and goes on through a reset of its host. Such a
 * guest boots slowly in an emulated host of one processor: run by {@code ./tardigrade test --long}
 * only.
 */
@Tag("box")
@Tag("long")
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class TwoProcessorsResetTest {
  private static final Duration RESTART_MAX = Duration.ofMinutes(8);
  private static final Duration COMMAND_MAX = Duration.ofMinutes(6);

  /** Leaves too little preserved memory for the guest. */
  private static final String FILLER = LabHost.PRESERVED + "/filler";

  private static final String FILLER_SIZE = "384M";
  private static final int ANSWERS = 8;
  private static final int ANSWERS_SECONDS_MAX = 400;

  private static HostBox box;
  private static CountedGuest guest;

  /** What the guest answered last. */
  private static CountedGuest.Answers before;

  @BeforeAll
  static void boot() throws Exception {
    // With room for the guest's image in ordinary memory, too.
    LabOptions options = LabOptions.defaults().memory(2560L << 20, 512L << 20);
    box = HostBox.start(options.services(CountedGuest.services()));
    CountedGuest.prepare(box);
    in("fallocate -l " + FILLER_SIZE + " " + FILLER);
    guest = CountedGuest.start(box, 2);
    before = guest.ask();
  }

  @AfterAll
  static void end() throws IOException {
    if (box != null) {
      if (guest != null) {
        say(guest.logs());
      }
      box.close();
    }
  }

  @Test
  @Order(1)
  void resetThatWouldLoseTheGuestIsRefusedUntilItIsMovedWhileItRuns() throws Exception {
    String kernel = bootId();
    assertThat(in("tardigrade show kv")).containsPattern("image +in ordinary memory");

    CommandResult refused = box.run("tardigrade host reset", COMMAND_MAX);

    assertThat(refused.exitCode()).as(refused.errorText()).isEqualTo(5);
    assertThat(refused.errorText()).contains("would lose their memory: kv (");
    assertThat(bootId()).isEqualTo(kernel);

    in("rm " + FILLER);
    try (CountingClient client = guest.count(before)) {
      client.await(ANSWERS, ANSWERS_SECONDS_MAX);
      assertThat(in("tardigrade move kv --to preserved")).isEqualTo("kv lies in preserved memory");
      client.await(ANSWERS, ANSWERS_SECONDS_MAX);
      say("move: client waited %.1f s".formatted(client.longestSilenceSeconds()));
    }
    assertThat(in("tardigrade show kv")).containsPattern("image +in preserved memory");
    assertThat(in("ls " + LabHost.PRESERVED + "/images/kv")).contains("ram-");
    assertGuestIsTheSame();
  }

  @Test
  @Order(2)
  void bothProcessorsGoOnAfterAReset() throws Exception {
    in("until [ \"$(cat /sys/kernel/kexec_loaded)\" = 1 ]; do sleep 1; done");
    String kernel = bootId();
    try (CountingClient client = guest.count(before)) {
      client.await(ANSWERS, ANSWERS_SECONDS_MAX);

      box.runAndAwaitRestart(
          // Refused while the guardian does not answer, as where all processors are busy.
          "until tardigrade host reset --reason 'a test' >/dev/console 2>&1; do sleep 1; done",
          RESTART_MAX);

      client.await(ANSWERS, ANSWERS_SECONDS_MAX);
      say("planned reset: client waited %.1f s".formatted(client.longestSilenceSeconds()));
    }
    assertThat(bootId()).isNotEqualTo(kernel);
    assertGuestIsTheSame();
    assertThat(guest.lastIncident()).contains("host-reset", "recovered", "a test");
    say(guest.assertDiskIsWhole());
  }

  /** The very process that answered before, and both processors have turns. */
  private static void assertGuestIsTheSame() throws Exception {
    CountedGuest.Answers now = guest.ask();
    assertThat(now.server()).startsWith("run_id:").isEqualTo(before.server());
    assertThat(now.known()).isEqualTo("before");
    guest.awaitTurnOfEachProcessor();
    before = now;
  }

  private static String bootId() throws IOException {
    return in("cat /proc/sys/kernel/random/boot_id");
  }

  private static String in(String script) throws IOException {
    return box.run(script, COMMAND_MAX).orThrow().text();
  }

  private static void say(String text) {
    text.lines().forEach(line -> System.out.println("[box] " + line));
  }
}
