package io.tardigrade.system;

import static org.assertj.core.api.Assertions.assertThat;

import io.tardigrade.guest.GuestStatus;
import io.tardigrade.system.Guest.Victim;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** A guest of 1 GiB, and what its hypervisor may not do. */
@Tag("aside")
final class LargeGuestTest extends SystemTest {
  private static final int ANSWERS = 100;

  private Guest guest;
  private CountingClient client;

  @BeforeAll
  void start() throws Exception {
    guest =
        host()
            .runShared(
                "large",
                "--memory",
                "1G",
                "--",
                "redis-server",
                "--protected-mode",
                "no",
                "--save",
                "");
    client = guest.countWithRedis();
    client.await(ANSWERS);
    guest.awaitProtected();
  }

  @AfterAll
  void end() throws Exception {
    if (client != null) {
      client.close();
    }
  }

  @Test
  void guestOfAGibibyteGoesOn() throws Exception {
    assertThat(guest.show().memoryBytes()).isEqualTo(1L << 30);
    for (Victim victim : List.of(Victim.HYPERVISOR, Victim.HYPERVISOR, Victim.GUARDIAN)) {
      guest.awaitProtected();
      long killed = guest.kill(victim);
      client.await(ANSWERS);
      guest.awaitProtectedAfter(victim, killed);
    }
  }

  @Test
  void hypervisorIsConfined() throws Exception {
    GuestStatus status = guest.awaitProtected();
    long pid = Objects.requireNonNull(status.hypervisor().pid());
    List<String> lines = Files.readAllLines(Path.of("/proc/" + pid + "/status"));
    assertThat(lines).contains("Seccomp:\t2", "NoNewPrivs:\t1", "CapEff:\t0000000000000000");
    assertThat(lines)
        .filteredOn(line -> line.startsWith("Uid:"))
        .noneMatch(line -> line.contains("\t0"));
    Path ours = Files.readSymbolicLink(Path.of("/proc/self/ns/net"));
    assertThat(Files.readSymbolicLink(Path.of("/proc/" + pid + "/ns/net"))).isNotEqualTo(ours);
    // Two lines of heading, then a line a device: loopback alone.
    assertThat(Files.readAllLines(Path.of("/proc/" + pid + "/net/dev"))).hasSize(3);
  }
}
