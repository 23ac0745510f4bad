package io.tardigrade.system;

import static org.assertj.core.api.Assertions.assertThat;

import io.tardigrade.control.HostControl;
import io.tardigrade.guardian.GuardianClient;
import io.tardigrade.guest.GuestStatus;
import io.tardigrade.guest.HostPaths;
import io.tardigrade.linux.Linux;
import io.tardigrade.reset.GuestFate;
import io.tardigrade.reset.HostReset;
import io.tardigrade.reset.SwitchingOver;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;

/** A guest with redis on three hosts, whose client counts on one connection. */
final class ReplicaTest extends ReplicaSystemTest {
  private static final int ANSWERS = 100;

  private CountingClient client;

  @Override
  void startGuest() throws Exception {
    hosts.start("--", "redis-server", "--protected-mode", "no", "--save", "");
    client = CountingClient.redis(hosts.spec().address(), 6379);
    client.await(ANSWERS);
  }

  @AfterAll
  void endClient() throws Exception {
    if (client != null) {
      client.close();
    }
  }

  @Test
  void hostThatIsLostIsReplacedAndTheClientGoesOnCounting() throws Exception {
    String first = hosts.awaitLeaderBut("");
    hosts.awaitProtected(first);
    client.await(ANSWERS);
    long begin = System.nanoTime();
    hosts.kill(first);
    client.await(1);
    long felt = System.nanoTime() - begin;
    client.await(ANSWERS);
    String next = hosts.awaitLeaderBut(first);
    GuestStatus status = hosts.ask(next).orElseThrow();
    System.out.println(
        "takeover: felt "
            + felt / 1_000_000
            + " ms, "
            + Objects.requireNonNull(status.replica()).takeoverSeconds());
    assertThat(status.replica().primary()).isEqualTo(next);
    hosts.begin(first);
    hosts.awaitProtected(next);
    client.await(ANSWERS);
  }

  @Test
  void guestIsSwitchedOverToABackupAndBack() throws Exception {
    String first = hosts.awaitLeaderBut("");
    GuestStatus led = hosts.awaitProtected(first);
    String second = Objects.requireNonNull(led.replica()).backups().getFirst();
    client.await(ANSWERS);
    switchOver(first, second);
    hosts.awaitProtected(second);
    switchOver(second, first);
  }

  @Test
  void guestOfAHostThatIsToBeResetRunsOnABackupBefore() throws Exception {
    String first = hosts.awaitLeaderBut("");
    GuestStatus led = hosts.awaitProtected(first);
    String second = Objects.requireNonNull(led.replica()).backups().getFirst();
    assertThat(fate(second).fate()).isEqualTo(GuestFate.Fate.RETURNS);
    assertThat(fate(second).reason()).startsWith(first + " runs it");
    GuestFate fate = fate(first);
    assertThat(fate.fate()).isEqualTo(GuestFate.Fate.SWITCH_OVER);
    assertThat(fate.host()).isEqualTo(second);

    client.await(ANSWERS);
    HostPaths paths = hosts.host(first).paths();
    new SwitchingOver(paths, new HostControl(paths, () -> {})::status, System.out::println)
        .all(List.of(fate));
    assertThat(fate(first).fate()).isEqualTo(GuestFate.Fate.RETURNS);
    client.await(ANSWERS);
    hosts.awaitProtected(second);
  }

  private GuestFate fate(String host) throws Exception {
    HostPaths paths = hosts.host(host).paths();
    HostReset reset = new HostReset(paths, new HostControl(paths, () -> {})::status, line -> {});
    return reset.fates().getFirst();
  }

  private void switchOver(String from, String to) throws Exception {
    long begin = System.nanoTime();
    GuardianClient.connect(hosts.host(from).paths(), ReplicaHosts.GUEST).switchOver(to);
    GuestStatus led =
        hosts.awaitStatus(
            to, "leads", s -> s.replica() != null && s.replica().role().equals("primary"));
    client.await(1);
    long felt = System.nanoTime() - begin;
    client.await(ANSWERS);
    System.out.println(
        "switchover: felt at most "
            + felt / 1_000_000
            + " ms, "
            + Objects.requireNonNull(led.replica()).takeoverSeconds());
    hosts.awaitProtected(to);
  }

  @Test
  void hypervisorThatIsLostIsReplacedOnTheSameHost() throws Exception {
    String first = hosts.awaitLeaderBut("");
    GuestStatus before = hosts.awaitProtected(first);
    client.await(ANSWERS);
    Linux.kill(Objects.requireNonNull(before.hypervisor().pid()), Linux.SIGKILL);
    client.await(ANSWERS);
    GuestStatus after = hosts.awaitProtected(first);
    assertThat(after.recoveries().count()).isGreaterThan(before.recoveries().count());
    assertThat(after.recoveries().lastCause()).isEqualTo("hypervisor-died");
    assertThat(Objects.requireNonNull(after.replica()).view())
        .as("backups felt nothing")
        .isEqualTo(Objects.requireNonNull(before.replica()).view());
    System.out.println(
        "commits: pause "
            + after.protection().pauseSeconds()
            + ", hold "
            + after.protection().holdSeconds());
  }
}
