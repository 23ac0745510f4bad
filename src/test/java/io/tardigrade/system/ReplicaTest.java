package io.tardigrade.system;

import static org.assertj.core.api.Assertions.assertThat;

import io.tardigrade.guardian.GuardianClient;
import io.tardigrade.guest.GuestStatus;
import io.tardigrade.linux.Linux;
import java.nio.file.Path;
import java.util.Objects;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestInstance.Lifecycle;
import org.junit.jupiter.api.io.TempDir;

/** A guest with redis on three hosts, whose client counts on one connection. */
@Tag("system")
@TestInstance(Lifecycle.PER_CLASS)
final class ReplicaTest {
  private static final int ANSWERS = 100;

  private ReplicaHosts hosts;
  private CountingClient client;

  @BeforeAll
  void start(@TempDir Path folder) throws Exception {
    hosts = new ReplicaHosts(folder);
    hosts.start("--", "redis-server", "--protected-mode", "no", "--save", "");
    client = CountingClient.redis(hosts.spec().address(), 6379);
    client.await(ANSWERS);
  }

  @AfterAll
  void end() throws Exception {
    if (client != null) {
      client.close();
    }
    if (hosts != null) {
      hosts.close();
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
