package io.tardigrade.box;

import static io.tardigrade.box.HostIncidents.texts;
import static org.assertj.core.api.Assertions.assertThat;

import io.tardigrade.incident.Incident;
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
 * A real kernel oopses beneath a guest that a client outside counts in. Nobody but the agent does
 * anything: it sees the oops, keeps the evidence, decides on a reset and does it, and in the next
 * operating system the guest goes on.
 */
@Tag("long")
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class LadderResetTest {
  private static final Duration RESET_MAX = Duration.ofMinutes(8);
  private static final Duration LONG = Duration.ofMinutes(5);
  private static final int ANSWERS = 8;
  private static final int ANSWERS_SECONDS_MAX = 400;
  private static final String BROKEN = "/tmp/broken.ko";

  private static HostBox box;
  private static CountedGuest guest;
  private static HostIncidents incidents;
  private static CountedGuest.Answers before;

  @BeforeAll
  static void boot() throws Exception {
    box = HostBox.start(LabOptions.defaults().services(CountedGuest.services()));
    guest = CountedGuest.start(box);
    before = guest.ask();
    incidents = new HostIncidents(box);
    byte[] sound = box.pull("/lib/modules/" + in("uname -r") + "/kernel/drivers/net/dummy.ko");
    box.push(BrokenModule.of(sound), BROKEN);
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
  void oopsedKernelIsReplacedBeneathTheGuestByTheAgentsOwnDecision() throws Exception {
    String release = in("uname -r");
    String kernel = bootId();
    try (CountingClient client = guest.count(before)) {
      client.await(ANSWERS, ANSWERS_SECONDS_MAX);
      long begun = System.nanoTime();

      box.runAndAwaitRestart("insmod " + BROKEN + "; sleep 1000", RESET_MAX);

      say(
          "oops to the next operating system: "
              + (System.nanoTime() - begun) / 1_000_000_000
              + " s");
      client.await(ANSWERS, ANSWERS_SECONDS_MAX);
      say("the client waited %.1f s".formatted(client.longestSilenceSeconds()));
    }
    assertThat(bootId()).isNotEqualTo(kernel);
    assertThat(in("uname -r")).as("the same kernel, booted anew").isEqualTo(release);
    assertThat(in("cat /proc/sys/kernel/tainted")).isEqualTo("0");
    CountedGuest.Answers now = guest.ask();
    assertThat(now.server()).as("the very process that answered before").isEqualTo(before.server());
    assertThat(now.known()).isEqualTo("before");
    before = now;
    assertThat(guest.lastIncident()).contains("host-reset", "recovered");
    say(guest.assertDiskIsWhole());
  }

  @Test
  @Order(2)
  void incidentTellsWhatWasSeenDecidedDoneAndFelt() throws Exception {
    Incident incident = incidents.awaitFelt("kernel-oops", CountedGuest.NAME);
    String shown = incidents.shown(incident);
    say(shown);
    assertThat(texts(incident, "seen")).anyMatch(t -> t.contains("the kernel has oopsed: '"));
    assertThat(texts(incident, "decided"))
        .anyMatch(t -> t.startsWith("diagnose: kernel-oops, because"))
        .anyMatch(t ->
            t.startsWith("reset the operating system under its guests, because")
                && t.contains("the evidence is kept")
                && t.contains("preserved memory is armed")
                && t.contains("1 guest would be frozen in memory and resumed"));
    assertThat(texts(incident, "done"))
        .anyMatch(t -> t.startsWith("evidence is kept in "))
        .anyMatch(t -> t.startsWith("the next operating system has booted, "))
        .contains("a new operating system runs beneath all guests");
    assertThat(incident.phaseSeconds())
        .as("where the time went, in the same incident")
        .containsKeys("freeze", "seal", "kexec to kernel", "agent to guests");
    assertThat(shown).contains("seen", "decided", "done", "felt", "diagnosis archive: ");
    String archive = "/var/lib/tardigrade/incidents/" + incident.id() + ".tar.gz";
    assertThat(in("tar -xzOf " + archive + " kernel/log.txt")).contains("invalid opcode");
    assertThat(in("tardigrade events")).contains("reset-done");
    assertThat(incidents.outcomesOfResets())
        .as("one reset, and its end is known")
        .containsExactly("DONE");
  }

  @Test
  @Order(3)
  void resetThatFailsByABugLeavesNobodyFrozen() throws Exception {
    String kernel = bootId();
    try (CountingClient client = guest.count(before)) {
      client.await(ANSWERS, ANSWERS_SECONDS_MAX);
      String said =
          in("java --enable-native-access=ALL-UNNAMED io.tardigrade.box.FailingReset kv 2>&1");
      assertThat(said).contains("bug after '1 guests stand still", "still frozen: false");
      client.await(ANSWERS, ANSWERS_SECONDS_MAX);
    }
    assertThat(bootId()).isEqualTo(kernel);
    assertThat(in("ls " + LabHost.PRESERVED)).doesNotContain("manifest");
  }

  private static String bootId() throws IOException {
    return in("cat /proc/sys/kernel/random/boot_id");
  }

  private static String in(String script) throws IOException {
    return box.run(script, LONG).orThrow().text();
  }

  private static void say(String text) {
    text.lines().forEach(line -> System.out.println("[box] " + line));
  }
}
