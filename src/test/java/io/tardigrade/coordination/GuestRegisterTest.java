package io.tardigrade.coordination;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.tardigrade.replication.View;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Guests in a real ZooKeeper. */
@Tag("system")
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
    register.define(ID, "{\"name\":\"kv\"}");
    register.define(ID, "{\"name\":\"kv\",\"backups\":2}");
    assertThat(register.definition(ID)).contains("{\"name\":\"kv\",\"backups\":2}");
    assertThat(register.guests()).containsExactly(ID);
    coordination.create(ID, View.first("a"));
    assertThat(register.view(ID)).isEqualTo(View.first("a"));
    register.assign(ID, "b");
    register.assign(ID, "b");
    register.assign(ID, "a");
    assertThat(register.assigned(ID)).containsExactly("a", "b");
    register.unassign(ID, "b");
    register.unassign(ID, "b");
    assertThat(register.assigned(ID)).containsExactly("a");
    register.forget("kv", ID);
    register.forget("kv", ID);
    assertThat(register.guests()).isEmpty();
    assertThat(register.assigned(ID)).isEmpty();
    register.announcePort(ID, "a", new InetSocketAddress("10.9.0.1", 4000));
    assertThat(register.guests()).isEmpty();
    assertThatThrownBy(() -> register.assign("../x", "a")).hasMessageContaining("../x");
  }

  @Test
  void nameIsOfOneGuest() throws Exception {
    assertThat(register.claimName("kv", ID)).isEqualTo(ID);
    assertThat(register.claimName("kv", ID)).isEqualTo(ID);
    assertThat(register.claimName("kv", OTHER)).isEqualTo(ID);
    register.forget("kv", OTHER);
    assertThat(register.id("kv")).contains(ID);
    register.forget("kv", ID);
    assertThat(register.id("kv")).isEmpty();
    assertThat(register.claimName("kv", OTHER)).isEqualTo(OTHER);
  }

  @Test
  void portIsKnownWhileTheGuardianIsConnected() throws Exception {
    register.define(ID, "{}");
    AtomicInteger changes = new AtomicInteger();
    register.assign(ID, "c");
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
