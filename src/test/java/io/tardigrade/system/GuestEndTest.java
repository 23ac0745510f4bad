package io.tardigrade.system;

import static org.assertj.core.api.Assertions.assertThat;

import io.tardigrade.core.RecoveryPolicy;
import io.tardigrade.guest.GuestFiles.Outcome;
import io.tardigrade.guest.GuestStatus;
import io.tardigrade.incident.Incident;
import io.tardigrade.linux.Linux;
import io.tardigrade.linux.LinuxException;
import io.tardigrade.system.Guest.Victim;
import java.nio.file.Files;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Ways in which a guest ends, or begins anew, with and without a recovery before. */
@Tag("aside")
final class GuestEndTest extends SystemTest {

  private Guest probe(String name, String... options) throws Exception {
    String[] words = java.util.Arrays.copyOf(options, options.length + 2);
    words[options.length] = "--";
    words[options.length + 1] = Probe.program().toString();
    return host().run(name, words);
  }

  /** Kills the hypervisor, and sees the client through it. */
  private static void recover(Guest guest) throws Exception {
    try (CountingClient client = guest.countWithProbe()) {
      client.await(10);
      guest.awaitProtected();
      long killed = guest.kill(Victim.HYPERVISOR);
      client.await(10);
      guest.awaitProtectedAfter(Victim.HYPERVISOR, killed);
    }
  }

  @Test
  void programsExitStatusIsTheGuestsAlsoAfterARecovery() throws Exception {
    Guest guest = probe("status");
    recover(guest);
    guest.tell("exit 7");
    TestHost.Result waited = host().cli("wait", "--timeout", "60s", guest.name());
    assertThat(waited.code()).as(waited.err()).isEqualTo(1);
    assertThat(waited.out().strip()).isEqualTo("7");
    Outcome outcome = guest.awaitOutcome();
    assertThat(outcome.state()).isEqualTo(GuestStatus.State.STOPPED);
    assertThat(outcome.exitStatus()).isEqualTo(7);
    assertThat(guest.show().state()).isEqualTo(GuestStatus.State.STOPPED);
    Guest.await("nothing of it runs").until(() -> guest.hypervisors().isEmpty());
    Guest.await("its image is gone").until(() -> !Files.exists(guest.image()));
  }

  @Test
  void attachedRunEndsAsItsProgramDoes() {
    TestHost.Result good = host().cli("run", "--name", "good", "--", "/bin/echo", "said", "inside");
    assertThat(good.code()).as(good.err()).isZero();
    assertThat(good.out()).contains("said inside");
    TestHost.Result bad = host().cli("run", "--name", "bad", "--", "/bin/false");
    assertThat(bad.code()).isEqualTo(1);
    assertThat(bad.complaint()).contains("exit status 1");
  }

  /** Both before and after a recovery, and the client is recovered through kills afterwards. */
  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void guestThatResetsItselfBootsAgain(boolean recovered) throws Exception {
    Guest guest = probe(recovered ? "reset-after" : "reset");
    if (recovered) {
      recover(guest);
    }
    guest.resetItself();
    assertThat(guest.events("reset")).hasSize(1);
    recover(guest);
    guest.resetItself();
    recover(guest);
  }

  @Test
  void guestThatPowersOffStaysOffAndStartsAgainWhenTold() throws Exception {
    Guest guest = probe("off", "--volume", "off:/data:64M");
    recover(guest);
    guest.tell("off");
    assertThat(guest.awaitOutcome().state()).isEqualTo(GuestStatus.State.STOPPED);
    Guest.await("nothing of it runs").until(() -> guest.hypervisors().isEmpty());
    host().must("start", guest.name());
    recover(guest);
  }

  @Test
  void stopAsksTheProgramToEnd() throws Exception {
    Guest guest = probe("stop");
    recover(guest);
    host().must("stop", guest.name());
    Outcome outcome = guest.awaitOutcome();
    assertThat(outcome.state()).isEqualTo(GuestStatus.State.STOPPED);
    assertThat(outcome.reason()).doesNotContain("force");
    assertThat(outcome.exitStatus()).as("ended by SIGTERM").isEqualTo(143);
  }

  /** At any moment of the end of the one before: its guardian is still being taken down. */
  @Test
  void guestMadeAgainUnderItsNameAtOnceRuns() throws Exception {
    for (int i = 0; i < 2; i++) {
      Guest guest = host().run("again", "--", Probe.program().toString());
      guest.awaitProtected();
      assertThat(guest.show().recoveries().count()).isZero();
      guest.delete();
    }
    assertThat(host().events().read()).noneMatch(e -> e.type().equals("recycled"));
  }

  @Test
  void hypervisorsThatDieAgainAndAgainEndInAFailureThatKeepsTheImage() throws Exception {
    Guest guest = probe("loop");
    try (CountingClient client = guest.countWithProbe()) {
      client.await(10);
    }
    guest.awaitProtected();
    AtomicBoolean ended = new AtomicBoolean();
    Thread killer = Thread.ofPlatform().daemon().start(() -> killAll(guest, ended));
    Outcome outcome = guest.awaitOutcome();
    ended.set(true);
    killer.join();
    assertThat(outcome.state()).isEqualTo(GuestStatus.State.FAILED);
    assertThat(outcome.reason()).contains("given up").contains("start");
    Incident last = guest.awaitIncident(0, i -> i.outcome().equals("given up"));
    assertThat(last.summary() + last.timeline()).contains("give up").contains("lost");
    assertThat(guest.incidents()).hasSizeLessThanOrEqualTo(RecoveryPolicy.ATTEMPTS_MAX + 8);
    assertThat(guest.image()).isNotEmptyDirectory();
    assertThat(guest.show().state()).isEqualTo(GuestStatus.State.FAILED);
    assertThat(guest.events("failed")).hasSize(1);
    host().must("start", guest.name());
    recover(guest);
  }

  private static void killAll(Guest guest, AtomicBoolean ended) {
    while (!ended.get()) {
      for (long pid : guest.hypervisors()) {
        try {
          Linux.kill(pid, Linux.SIGKILL);
        } catch (LinuxException e) {
          // It has ended already.
        }
      }
    }
  }
}
