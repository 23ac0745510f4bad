package io.tardigrade.coordination;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.tardigrade.replication.View;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Guests in a real ZooKeeper. */
@Tag("system")
@Tag("aside")
class GuestRegisterTest {
  private static final String ID = "kv-00000007";
  private static final String OTHER = "kv-00000008";

  @TempDir Path folder;
  private ZooKeeperProcess server;
  private Coordination coordination;
  private GuestRegister register;

  @BeforeEach
  void begin() throws Exception {
    server = new ZooKeeperProcess(folder);
    coordination = new Coordination(server.address(), line -> {});
    assertThat(coordination.await(20_000)).isTrue();
    register = coordination.guestRegister();
  }

  @AfterEach
  void end() {
    coordination.close();
    server.close();
  }

  @Test
  void guestIsKnownFromItsDefinitionUntilItIsForgotten() throws Exception {
    assertThat(register.guests()).isEmpty();
    assertThat(register.definition(ID)).isEmpty();
    assertThat(register.view(ID)).isEqualTo(View.NONE);
    assertThat(register.enter("kv", ID, "{\"name\":\"kv\"}", "a")).isEqualTo(ID);
    assertThat(register.definition(ID)).contains("{\"name\":\"kv\"}");
    assertThat(register.guests()).containsExactly(ID);
    coordination.create(ID, View.first("a"));
    assertThat(register.view(ID)).isEqualTo(View.first("a"));
    register.assign(ID, "b");
    register.assign(ID, "b");
    assertThat(register.assigned(ID)).containsExactly("a", "b");
    register.unassign(ID, "b");
    register.unassign(ID, "b");
    assertThat(register.assigned(ID)).containsExactly("a");
    assertThat(register.hasEnded(ID)).isFalse();
    register.forget("kv", ID);
    register.forget("kv", ID);
    assertThat(register.hasEnded(ID)).isTrue();
    assertThat(register.guests()).isEmpty();
    assertThat(register.assigned(ID)).isEmpty();
    register.announcePort(ID, "a", new InetSocketAddress("10.9.0.1", 4000));
    register.assign(ID, "b");
    assertThat(register.guests()).isEmpty();
    assertThatThrownBy(() -> register.assign("../x", "a")).hasMessageContaining("../x");
  }

  @Test
  void nameIsOfOneGuest() throws Exception {
    assertThat(register.enter("kv", ID, "{}", "a")).isEqualTo(ID);
    assertThat(register.enter("kv", OTHER, "{}", "b")).isEqualTo(ID);
    assertThat(register.guests()).containsExactly(ID);
    register.forget("kv", OTHER);
    assertThat(register.id("kv")).contains(ID);
    register.forget("kv", ID);
    assertThat(register.id("kv")).isEmpty();
    assertThat(register.enter("kv", OTHER, "{}", "b")).isEqualTo(OTHER);
  }

  @Test
  void guestIsForgottenByTheViewThatIsStoredAloneAndWholly() throws Exception {
    register.enter("kv", ID, "{}", "a");
    coordination.create(ID, View.first("a"));
    register.announcePort(ID, "a", new InetSocketAddress("10.9.0.1", 4000));
    View next = new View(2, 2, "b", List.of());
    assertThat(register.forget("kv", ID, next)).isFalse();
    assertThat(register.id("kv")).contains(ID);
    assertThat(register.assigned(ID)).containsExactly("a");
    assertThat(register.hasEnded(ID)).isFalse();
    assertThat(register.forget("kv", ID, View.first("a"))).isTrue();
    assertThat(register.id("kv")).isEmpty();
    assertThat(register.guests()).isEmpty();
  }

  @Test
  void viewIsReplacedByTheOneThatFollowsItOnly() throws Exception {
    register.enter("kv", ID, "{}", "a");
    View first = new View(1, 1, "a", List.of("b"));
    assertThat(register.replaceView(ID, first, first.aloneOn("b"))).as("none is stored").isFalse();
    coordination.create(ID, first);
    View second = first.aloneOn("b");
    assertThat(register.replaceView(ID, first, second)).isTrue();
    assertThat(register.view(ID)).isEqualTo(second);
    assertThat(register.replaceView(ID, first, first.aloneOn("c"))).isFalse();
    assertThat(register.view(ID)).isEqualTo(second);
  }

  @Test
  void whoeverEntersAndForgetsAtOnceLeavesAllOrNothing() throws Exception {
    for (int round = 0; round < 30; round++) {
      String mine = ID + round;
      List<Thread> threads = new ArrayList<>();
      for (String id : List.of(mine, OTHER + round)) {
        threads.add(Thread.startVirtualThread(() -> enterAndForget(id)));
      }
      for (int i = 0; i < 3; i++) {
        // Assigned and announced while it comes and goes.
        register.assign(mine, "c" + i);
        register.announcePort(mine, "c" + i, new InetSocketAddress("10.9.0.1", 4000 + i));
      }
      for (Thread thread : threads) {
        thread.join();
      }
      assertThat(register.guests()).isEmpty();
      assertThat(register.id("kv")).isEmpty();
    }
  }

  private void enterAndForget(String id) {
    try {
      if (register.enter("kv", id, "{}", "a").equals(id)) {
        assertThat(register.definition(id)).contains("{}");
        register.forget("kv", id);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Test
  void portIsKnownWhileTheGuardianIsConnected() throws Exception {
    register.enter("kv", ID, "{}", "c");
    AtomicInteger changes = new AtomicInteger();
    register.watchAssigned(ID, changes::incrementAndGet);
    try (Coordination guardian = new Coordination(server.address(), line -> {})) {
      assertThat(guardian.await(20_000)).isTrue();
      InetSocketAddress before = new InetSocketAddress("10.9.0.2", 4000);
      InetSocketAddress after = new InetSocketAddress("10.9.0.2", 4001);
      register.announcePort(ID, "b", before);
      guardian.guestRegister().announcePort(ID, "b", after);
      guardian.guestRegister().announcePort(ID, "b", after);
      assertThat(register.port(ID, "b")).contains(after);
      assertThat(register.port(ID, "c")).isEmpty();
      assertThat(register.listening(ID)).containsExactly("b");
      guardian.guestRegister().assign(ID, "b");
    }
    await().atMost(Duration.ofSeconds(20)).until(() -> register.listening(ID).isEmpty());
    assertThat(register.assigned(ID)).containsExactly("b", "c");
    await().atMost(Duration.ofSeconds(20)).until(() -> changes.get() == 1);
  }
}
