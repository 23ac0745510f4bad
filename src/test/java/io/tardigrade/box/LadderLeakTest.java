package io.tardigrade.box;

import static io.tardigrade.box.HostIncidents.texts;
import static org.assertj.core.api.Assertions.assertThat;

import io.tardigrade.incident.Incident;
import io.tardigrade.lab.CommandResult;
import io.tardigrade.lab.LabHost;
import io.tardigrade.lab.LabOptions;
import java.io.IOException;
import java.time.Duration;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * The kernel of a host leaks memory beneath a guest that a client outside counts in. The agent sees
 * it grow and foretells when it runs out; recycles itself, which does not help; keeps the evidence;
 * and has another kernel run beneath the guest before the memory is gone. Most of its time is that
 * of the trends, so that it is run by {@code ./tardigrade test --long} only.
 */
@Tag("long")
class LadderLeakTest {
  private static final Duration RESET_MAX = Duration.ofMinutes(15);
  private static final Duration SHORT = Duration.ofMinutes(2);
  private static final int ANSWERS = 8;
  private static final int ANSWERS_SECONDS_MAX = 400;
  private static final long LEAK_BYTES_PER_SECOND = 900L << 10;
  private static final long LEAK_BYTES_MAX = 700L << 20;

  private static HostBox box;
  private static CountedGuest guest;

  @BeforeAll
  static void boot() throws Exception {
    box = HostBox.start(LabOptions.defaults().services(CountedGuest.services()));
    guest = CountedGuest.start(box);
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
  void leakingKernelIsReplacedBeneathTheGuestBeforeItsMemoryIsGone() throws Exception {
    CountedGuest.Answers before = guest.ask();
    say(in("free -m"));
    try (CountingClient client = guest.count(before)) {
      client.await(ANSWERS, ANSWERS_SECONDS_MAX);

      box.host().leak(LabHost.Leak.KERNEL, LEAK_BYTES_PER_SECOND, LEAK_BYTES_MAX);
      box.runAndAwaitRestart(
          "for i in $(seq 60); do sleep 15; free -m | sed -n 2p; done", RESET_MAX);

      client.await(ANSWERS, ANSWERS_SECONDS_MAX);
      say("the client waited %.1f s".formatted(client.longestSilenceSeconds()));
    }
    assertThat(guest.ask().server())
        .as("the very process that answered before")
        .isEqualTo(before.server());
    HostIncidents incidents = new HostIncidents(box);
    Incident incident = incidents.awaitFelt("kernel-memory-growth", CountedGuest.NAME);
    say(incidents.shown(incident));
    assertThat(texts(incident, "seen")).anyMatch(t -> t.contains("kernel memory, now "));
    assertThat(texts(incident, "decided"))
        .anyMatch(t -> t.startsWith("recycle the agent, because kernel memory, now "))
        .anyMatch(t -> t.startsWith("diagnose: kernel-memory-growth, because"))
        .anyMatch(t ->
            t.startsWith("reset the operating system under its guests, because")
                && t.contains("recycling the agent did not help")
                && t.contains("the evidence is kept"));
    assertThat(texts(incident, "done"))
        .contains("the agent is recycled", "the next agent goes on")
        .anyMatch(t -> t.startsWith("evidence is kept in "))
        .contains("a new operating system runs beneath all guests");
    assertThat(incidents.outcomesOfResets()).containsExactly("DONE");
    CommandResult slab = box.run("awk '/^SUnreclaim/ { print $2 }' /proc/meminfo", SHORT);
    assertThat(Long.parseLong(slab.text()) << 10).as("the leak is gone").isLessThan(200L << 20);
  }

  private static String in(String script) throws IOException {
    return box.run(script, SHORT).orThrow().text();
  }

  private static void say(String text) {
    text.lines().forEach(line -> System.out.println("[box] " + line));
  }
}
