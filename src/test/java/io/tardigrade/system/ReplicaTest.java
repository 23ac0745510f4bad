package io.tardigrade.system;

import static org.assertj.core.api.Assertions.assertThat;

import io.tardigrade.guest.GuestStatus;
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
}
