package io.tardigrade.coordination;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Who holds nothing of a guest, in a real ZooKeeper. */
@Tag("system")
@Tag("aside")
class EmptyHostsTest {
  @TempDir Path folder;

  @Test
  void whoHoldsNothingSaysSoForAsLongAsItLives() throws Exception {
    try (ZooKeeperProcess server = new ZooKeeperProcess(folder);
        Coordination a = new Coordination(server.address(), line -> {})) {
      assertThat(a.await(20_000)).isTrue();
      EmptyHosts seen = a.emptyHosts();
      assertThat(seen.of("kv-1")).isEmpty();
      seen.say("kv-1", "a", 4);
      seen.say("kv-1", "a", 4);
      seen.say("kv-12", "a", 9);
      try (Coordination b = new Coordination(server.address(), line -> {})) {
        assertThat(b.await(20_000)).isTrue();
        b.emptyHosts().say("kv-1", "b", 3);
        assertThat(seen.of("kv-1")).isEqualTo(Map.of("a", 4L, "b", 3L));
        // The next process of that host, while the session before is not over.
        seen.say("kv-1", "b", 4);
        assertThat(seen.of("kv-1")).isEqualTo(Map.of("a", 4L, "b", 4L));
      }
      b(server);
      await()
          .atMost(Duration.ofSeconds(30))
          .untilAsserted(() -> assertThat(seen.of("kv-1")).isEqualTo(Map.of("a", 4L, "b", 4L)));
    }
  }

  /** One that has ended is not heard of any longer. */
  private static void b(ZooKeeperProcess server) throws Exception {
    try (Coordination c = new Coordination(server.address(), line -> {})) {
      assertThat(c.await(20_000)).isTrue();
      c.emptyHosts().say("kv-1", "c", 4);
      assertThat(c.emptyHosts().of("kv-1")).containsKey("c");
    }
  }
}
