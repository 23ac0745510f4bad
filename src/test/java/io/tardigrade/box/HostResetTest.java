package io.tardigrade.box;

import static org.assertj.core.api.Assertions.assertThat;

import io.tardigrade.lab.CommandResult;
import io.tardigrade.lab.LabOptions;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestMethodOrder;

/**
 * A host whose operating system is replaced, and lost, beneath a guest that a client outside counts
 * in. Nothing but the agent, which the host starts at boot, brings the guest back. One host for all
 * tests; each goes on from what the one before left.
 */
@Tag("box")
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class HostResetTest {
  private static final Duration RESTART_MAX = Duration.ofMinutes(4);
  private static final long DAMAGED_PAGE = 20_000;
  private static final int ANSWERS = 8;
  private static final int ANSWERS_SECONDS_MAX = 240;

  private static HostBox box;
  private static CountedGuest guest;

  /** What a planned reset took, from the command to the guest's answers. */
  private static double resetSeconds = 60;

  /** What the guest answered last. */
  private static CountedGuest.Answers before;

  @BeforeAll
  static void boot() throws Exception {
    box = HostBox.start(LabOptions.defaults().services(CountedGuest.services()));
    guest = CountedGuest.start(box);
    before = guest.ask();
    assertThat(in("tardigrade doctor || true"))
        .contains("the next kernel is loaded", "a panic boots the crash kernel, which is loaded");
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
  void connectionGoesOnThroughAPlannedResetIntoAnotherKernel() throws Exception {
    String other = in("ls /lib/modules | grep -vxF \"$(uname -r)\"");
    assertThat(other).isNotEmpty();
    try (CountingClient client = guest.count(before)) {
      client.await(ANSWERS, ANSWERS_SECONDS_MAX);
      String kernel = bootId();
      long begun = System.nanoTime();

      box.runAndAwaitRestart(
          // Refused while the guardian does not answer, as where all processors are busy.
          "until tardigrade host reset --reason 'a test' --kernel /boot/vmlinuz-%1$s --initrd /boot/initrd.img-%1$s >/dev/console 2>&1; do sleep 1; done"
              .formatted(other),
          RESTART_MAX);

      client.await(ANSWERS, ANSWERS_SECONDS_MAX);
      resetSeconds = (System.nanoTime() - begun) / 1e9;
      assertThat(bootId()).isNotEqualTo(kernel);
      say("planned reset: client waited %.1f s", client.longestSilenceSeconds());
    }
    assertThat(in("uname -r")).isEqualTo(other);
    assertGuestIsTheSame();
    assertThat(guest.lastIncident()).contains("host-reset", "recovered", "a test");
    say(guest.assertDiskIsWhole());
  }

  @Test
  @Order(2)
  void connectionGoesOnThroughAPanicWithNothingLostThatTheClientWasTold() throws Exception {
    in("until [ \"$(cat /sys/kernel/kexec_crash_loaded)\" = 1 ]; do sleep 1; done");
    try (CountingClient client = guest.count(before)) {
      client.await(ANSWERS, ANSWERS_SECONDS_MAX);
      String kernel = bootId();

      box.host().panic();

      client.await(ANSWERS, ANSWERS_SECONDS_MAX);
      assertThat(bootId()).isNotEqualTo(kernel);
      say("panic: client waited %.1f s", client.longestSilenceSeconds());
      assertThat(in("cat /proc/cmdline"))
          .as("the firmware had no part in it: the crash kernel names the memory")
          .contains("@0x100000")
          .doesNotContain("nr_cpus=1");
      assertThat(in("cat /var/lib/tardigrade/incidents/panic-" + kernel + ".log"))
          .contains("Kernel panic - not syncing: sysrq triggered crash");
    }
    assertGuestIsTheSame();
    assertThat(guest.lastIncident()).contains("host-lost", "recovered");
    say(guest.assertDiskIsWhole());
  }

  @Test
  @Tag("long")
  @Order(3)
  void guestWhoseImageIsDamagedIsKeptAndSaysWhichPage() throws Exception {
    box.runAndAwaitRestart(
        """
        ram=$(ls /var/lib/tardigrade/preserved/images/kv/ram-*)
        head -c 64 /dev/urandom | dd of=$ram bs=1 seek=%d conv=notrunc 2>/dev/null
        echo c >/proc/sysrq-trigger
        """
            .formatted(DAMAGED_PAGE * 4096 + 128),
        RESTART_MAX);

    // The command would start an agent of its own while the host's comes up.
    in("until [ -e /run/tardigrade/agent.sock ]; do sleep 1; done");
    CommandResult resumed = box.run("tardigrade host resume --timeout 4m", Duration.ofMinutes(5));
    say(resumed.text() + resumed.errorText());
    assertThat(resumed.exitCode()).isEqualTo(1);
    assertThat(resumed.text()).contains("kept", "page " + DAMAGED_PAGE);
    assertThat(in("ls /var/lib/tardigrade/preserved/images/kv")).contains("ram-");

    // On a busy machine it takes longer than the command waits.
    assertThat(box.run("tardigrade start kv", Duration.ofMinutes(5)).exitCode()).isIn(0, 6);
    CountedGuest.Answers now = guest.ask();
    assertThat(now.known()).isEqualTo("before");
    assertThat(now.counted()).isGreaterThanOrEqualTo(before.counted());
    before = now;
  }

  /**
   * However far a reset has got: nothing of it must stand in the way of what boots after it. Try
   * others with {@code -Dseed=N -Dcuts=N}.
   */
  @Test
  @Tag("long")
  @Order(4)
  void guestLosesNothingThatTheClientWasToldByAPowerCutAtAnyPointOfAReset() throws Exception {
    long seed = Long.getLong("seed", System.nanoTime());
    for (int i = 0; i < Integer.getInteger("cuts", 1); i++) {
      cutPower(seed + i);
    }
  }

  private static void cutPower(long seed) throws Exception {
    PowerCut cut = PowerCut.atRandom(box, resetSeconds, seed);
    say("power cut: seed %d, %.1f s after the command", seed, cut.afterSeconds());
    long told;
    try (CountingClient client = guest.count(before)) {
      client.await(ANSWERS, ANSWERS_SECONDS_MAX);

      cut.duringReset();
      told = client.told();
    }
    CountedGuest.Answers now = guest.ask();
    say("power cut: told %d, counted %d", told, now.counted());
    assertThat(now.known()).as("seed %d", seed).isEqualTo("before");
    assertThat(now.counted()).as("seed %d", seed).isGreaterThanOrEqualTo(told);
    assertThat(now.server()).as("memory was lost").isNotEqualTo(before.server());
    assertThat(guest.lastIncident()).as("seed %d", seed).contains("host-lost", "restarted");
    say(guest.assertDiskIsWhole());
    before = now;
  }

  /** The very process that answered before, with a clock that is right. */
  private static void assertGuestIsTheSame() throws Exception {
    CountedGuest.Answers now = guest.ask();
    double apart = Instant.now().toEpochMilli() / 1e3 - now.clockSeconds();
    assertThat(now.server()).startsWith("run_id:").isEqualTo(before.server());
    assertThat(now.known()).isEqualTo("before");
    say("guest's clock is %.1f s behind", apart);
    assertThat(apart).isBetween(-2.0, 5.0);
    before = now;
  }

  private static String bootId() throws IOException {
    return in("cat /proc/sys/kernel/random/boot_id");
  }

  private static String in(String script) throws IOException {
    return box.run(script, Duration.ofMinutes(6)).orThrow().text();
  }

  private static void say(String text, Object... values) {
    String said = values.length == 0 ? text : text.formatted(values);
    said.lines().forEach(line -> System.out.println("[box] " + line));
  }
}
