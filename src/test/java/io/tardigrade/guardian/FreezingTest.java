package io.tardigrade.guardian;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.tardigrade.guest.GuestStatus;
import io.tardigrade.guest.HostPaths;
import io.tardigrade.guest.Json;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/** What is waited for until guests stand still, and what is not. */
@Timeout(value = 20, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class FreezingTest {
  private static final Instant AT = Instant.parse("2026-11-23T04:00:00Z");

  @TempDir private Path dir;
  private HostPaths paths;
  private final List<Guardian> guardians = new ArrayList<>();

  @BeforeEach
  void makeHost() {
    paths =
        HostPaths.of(
            Map.of(
                "TARDIGRADE_STATE", dir.resolve("s").toString(), "TARDIGRADE_RUN", dir.toString()));
  }

  @AfterEach
  void end() throws IOException {
    for (Guardian guardian : guardians) {
      guardian.server.close();
      guardian.process.destroyForcibly();
      guardian.lock.close();
    }
  }

  /** Serves a guest; the process that it says it is lives as long as the test wants. */
  private final class Guardian implements ControlServer.Requests {
    private final String name;
    private final @Nullable Freeze outcome;
    private final Process process;
    private final FileChannel lock;
    private final ControlServer server;

    /**
     * @param outcome how a freeze comes out; where null, it never does
     */
    Guardian(String name, @Nullable Freeze outcome) throws IOException {
      this.name = name;
      this.outcome = outcome;
      this.process = new ProcessBuilder("sleep", "60").start();
      Path run = Files.createDirectories(paths.guestRun(name));
      this.lock =
          FileChannel.open(
              run.resolve("guardian.lock"), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
      this.server =
          new ControlServer(
              run.resolve("guardian.sock"), this, new Console(dir.resolve(name + ".log")));
      guardians.add(this);
    }

    @Override
    public GuestStatus status() {
      try {
        GuestStatus ours =
            StatusReport.of(
                TestGuest.spec(),
                GuestStatus.State.RUNNING,
                null,
                null,
                true,
                new Statistics(7).report("compare", 3),
                new GuestStatus.Recoveries(0, null, null, null));
        JsonNode json = Json.parse("status", Json.line(ours), JsonNode.class);
        ((ObjectNode) json.path("guardian")).put("pid", process.pid());
        return Json.parse("status", Json.line(json), GuestStatus.class);
      } catch (IOException e) {
        throw new IllegalStateException(e);
      }
    }

    @Override
    public void freeze() throws IOException {
      if (outcome != null) {
        outcome.write(paths, name);
      }
    }

    @Override
    public void stop(long timeoutMillis) {}

    @Override
    public long turnNanosAgo() {
      return 0;
    }

    @Override
    public void resetStatistics() {}

    @Override
    public void type(ByteBuffer bytes) {}
  }

  @Test
  void guestsStandStillInTheOrderOfTheirNames() throws Exception {
    new Guardian("kv", new Freeze(7, AT, null));
    new Guardian("web", new Freeze(9, AT, null));
    assertThat(Freezing.freeze(paths, List.of("web", "kv")))
        .containsExactly(new Freeze(9, AT, null), new Freeze(7, AT, null));
    assertThat(Freezing.freeze(paths, List.of())).isEmpty();
  }

  @Test
  void guestThatNobodyServesIsNotWaitedFor() {
    assertThatThrownBy(() -> Freezing.freeze(paths, List.of("kv")))
        .hasMessageContaining("no guardian answers");
  }

  @Test
  void guestWhoseGuardianIsLostOnTheWayIsNotWaitedFor() throws Exception {
    Guardian guardian = new Guardian("kv", null);
    Thread.ofVirtual()
        .start(() -> {
          sleep(300);
          guardian.process.destroyForcibly();
        });
    assertThatThrownBy(() -> Freezing.freeze(paths, List.of("kv")))
        .hasMessage("guest 'kv' was not frozen: its guardian has ended in the middle of it");
  }

  /** That it ended is seen before what it left behind is. */
  @Test
  void guardianThatHasEndedHasFrozenItsGuestAllTheSame() throws Exception {
    Guardian guardian = new Guardian("kv", new Freeze(7, AT, null));
    guardian.process.destroyForcibly().waitFor();
    assertThat(Freezing.freeze(paths, List.of("kv"))).containsExactly(new Freeze(7, AT, null));
  }

  @Test
  void refusalIsHandedOn() throws Exception {
    new Guardian("kv", new Freeze(0, AT, "it is not protected"));
    assertThatThrownBy(() -> Freezing.freeze(paths, List.of("kv")))
        .hasMessage("guest 'kv' cannot be frozen: it is not protected");
  }

  private static void sleep(long millis) {
    try {
      Thread.sleep(millis);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
