package io.tardigrade.coordination;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.tardigrade.coordination.RepairRegister.Repair;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Which host is being repaired, in a real ZooKeeper. */
@Tag("system")
@Tag("aside")
class RepairRegisterTest {
  @TempDir Path folder;
  private ZooKeeperProcess server;
  private Coordination coordination;
  private RepairRegister repairs;

  @BeforeEach
  void begin() throws Exception {
    server = new ZooKeeperProcess(folder);
    coordination = new Coordination(server.address(), line -> {});
    assertThat(coordination.await(20_000)).isTrue();
    repairs = coordination.repairs();
  }

  @AfterEach
  void end() {
    coordination.close();
    server.close();
  }

  private Optional<Repair> begin(String host) throws Exception {
    return repairs.begin(host, "boot-" + host, "a leak\nof memory", null);
  }

  @Test
  void oneHostAtATimeUntilItIsBack() throws Exception {
    Instant now = Instant.now();
    assertThat(repairs.current()).isEmpty();
    assertThat(begin("a")).isEmpty();

    Repair other = begin("b").orElseThrow();
    assertThat(other.host()).isEqualTo("a");
    assertThat(other.bootId()).isEqualTo("boot-a");
    assertThat(other.reason()).isEqualTo("a leak of memory");
    assertThat(other.since()).isBetween(now.minusSeconds(60), now.plusSeconds(60));
    assertThat(begin("a")).as("its own goes on").isEmpty();

    repairs.end("b");
    assertThat(repairs.current()).as("it is not b's to end").isPresent();
    repairs.end("a");
    assertThat(repairs.current()).isEmpty();
    assertThat(begin("b")).isEmpty();
  }

  @Test
  void repairOutlivesWhoeverBeganIt() throws Exception {
    try (Coordination gone = new Coordination(server.address(), line -> {})) {
      assertThat(gone.await(20_000)).isTrue();
      assertThat(gone.repairs().begin("a", "boot-1", "a reset", null)).isEmpty();
    }
    // The session is over: what is bound to one would be gone by now.
    assertThat(begin("b")).isPresent();
  }

  @Test
  void hostThatDoesNotComeBackIsOverriddenByAPerson() throws Exception {
    assertThat(begin("a")).isEmpty();
    assertThat(repairs.begin("b", "boot-b", "by hand", "c")).as("another").isPresent();
    assertThat(repairs.begin("b", "boot-b", "by hand", "a")).isEmpty();
    repairs.end("a");
    assertThat(repairs.current().orElseThrow().host()).isEqualTo("b");
  }

  @Test
  void hostThatDoesNotComeBackIsOverriddenByTimeWhateverAHostsOwnClockSays() throws Exception {
    for (Duration wrong : List.of(Duration.ofHours(-5), Duration.ofHours(5))) {
      restartAt(wrong);
      assertThat(begin("a")).isEmpty();
      Repair other = begin("b").orElseThrow();
      assertThat(other.host()).isEqualTo("a");
      assertThat(other.since())
          .isBetween(Instant.now().plus(wrong).minusSeconds(600), Instant.now().plus(wrong));
      assertThat(repairs.age(other)).isBetween(Duration.ZERO, Duration.ofMinutes(10));

      restartAt(wrong.plusMillis(RepairRegister.MILLIS_MAX));
      assertThat(repairs.current()).isEmpty();
      assertThat(begin("c")).isEmpty();
      assertThat(repairs.current().orElseThrow().host()).isEqualTo("c");
      repairs.end("c");
    }
  }

  private void restartAt(Duration offset) throws Exception {
    server.startAgainAt(offset);
    await().atMost(Duration.ofSeconds(30)).ignoreExceptions().until(() -> repairs.stored() != null);
  }

  @Test
  void ofManyHostsThatBeginAtOnceOneDoes() throws Exception {
    try (ExecutorService hosts = Executors.newFixedThreadPool(8)) {
      List<Callable<Boolean>> all =
          IntStream.range(0, 8)
              .<Callable<Boolean>>mapToObj(i -> () -> begin("host" + i).isEmpty())
              .toList();
      int begun = 0;
      for (Future<Boolean> one : hosts.invokeAll(all)) {
        begun += one.get() ? 1 : 0;
      }
      assertThat(begun).isEqualTo(1);
    }
  }

  @Test
  void whatCannotBeReadStandsForARepair() throws Exception {
    for (String text : List.of("", "a", "../x boot why", "\u0000\u0001 \u0002 \u0003")) {
      coordination
          .client()
          .create()
          .orSetData()
          .creatingParentsIfNeeded()
          .forPath("/tardigrade/repair", text.getBytes(StandardCharsets.UTF_8));
      assertThat(begin("b").orElseThrow().host()).isEqualTo("unknown");
    }
    assertThat(repairs.begin("b", "boot-b", "by hand", "unknown")).isEmpty();
  }

  @Test
  void whoseServiceIsOutIsToldSo() throws Exception {
    server.close();
    assertThatThrownBy(() -> begin("a")).hasMessageContaining("coordination");
  }
}
