package io.tardigrade.agent;

import static org.assertj.core.api.Assertions.assertThat;

import io.tardigrade.guest.HostPaths;
import io.tardigrade.guest.ReplicaSpec;
import io.tardigrade.preserve.Life;
import io.tardigrade.preserve.Place;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Guests left by another boot; in a guardian's place a process that does nothing. */
class EarlyGuardiansTest {
  private static final long LONG_NANOS = TimeUnit.MINUTES.toNanos(5);

  @TempDir Path folder;
  private final List<Process> processes = new ArrayList<>();
  private final List<String> started = new ArrayList<>();
  private HostPaths paths;

  @BeforeEach
  void makeHost() {
    paths =
        HostPaths.of(
            Map.of(
                "TARDIGRADE_STATE", folder.resolve("state").toString(),
                "TARDIGRADE_RUN", folder.resolve("run").toString(),
                "TARDIGRADE_IMAGES", folder.resolve("images").toString()));
  }

  @AfterEach
  void end() {
    processes.forEach(Process::destroyForcibly);
  }

  private void guest(String name, String desired, String boot) throws IOException {
    Files.createDirectories(paths.guest(name));
    Files.writeString(paths.guest(name).resolve("spec.json"), "{}");
    Files.writeString(paths.guest(name).resolve("desired"), desired + "\n");
    new Life(boot, Place.ORDINARY).write(paths.guest(name));
  }

  private EarlyGuardians early(long nanosMax, String... command) {
    return new EarlyGuardians(
        paths,
        "boot-b",
        name -> {
          started.add(name);
          Process process = new ProcessBuilder(command).start();
          processes.add(process);
          return process;
        },
        new EarlyGuardians.Patience(nanosMax, nanosMax));
  }

  @Test
  void onlyGuestsThatAnotherBootLeftRunningAreStarted() throws IOException {
    guest("left", "running", "boot-a");
    guest("stopped", "stopped", "boot-a");
    guest("runs", "running", "boot-b");

    EarlyGuardians early = early(0, "sleep", "600");
    early.startAndWait();

    assertThat(started).containsExactly("left");
    assertThat(early.anyLeft()).as("it has not been served yet").isTrue();
    assertThat(early.ranAt()).isNotNull();
    assertThat(early.take("left")).isSameAs(processes.getFirst());
    assertThat(early.take("left")).as("given once").isNull();
    assertThat(early.take("runs")).isNull();
  }

  @Test
  void replicatedGuestIsStartedLastAndNobodyWaitsForIt() throws IOException {
    guest("alone", "running", "boot-a");
    guest("again", "running", "boot-a");
    ReplicaSpec.of("again", 7, 2, false).write(paths, "again");

    // Whoever started the first one says that it ran.
    EarlyGuardians early =
        new EarlyGuardians(
            paths,
            "boot-b",
            name -> {
              started.add(name);
              if (name.equals("alone")) {
                new Life("boot-b", Place.ORDINARY).write(paths.guest(name));
              }
              Process process =
                  new ProcessBuilder(name.equals("alone") ? "true" : "sleep", "600").start();
              processes.add(process);
              return process;
            },
            new EarlyGuardians.Patience(LONG_NANOS, LONG_NANOS));
    long begun = System.nanoTime();
    early.startAndWait();

    assertThat(System.nanoTime() - begun).isLessThan(LONG_NANOS / 2);
    assertThat(started).containsExactly("alone", "again");
    assertThat(early.anyLeft()).as("it is none that stands still for this host alone").isFalse();
    assertThat(early.take("again")).isSameAs(processes.get(1));
  }

  @Test
  void guardianThatHasEndedIsNeitherWaitedForNorWatched() throws IOException {
    guest("kv", "running", "boot-a");

    EarlyGuardians early = early(LONG_NANOS, "false");
    long begun = System.nanoTime();
    early.startAndWait();

    assertThat(System.nanoTime() - begun).isLessThan(LONG_NANOS / 2);
    assertThat(started).containsExactly("kv");
    assertThat(early.take("kv")).isNull();
  }

  @Test
  void withoutGuestsLeftNothingIsWaitedFor() throws IOException {
    guest("kv", "running", "boot-b");

    EarlyGuardians early = early(LONG_NANOS, "false");
    early.startAndWait();

    assertThat(started).isEmpty();
    assertThat(early.anyLeft()).isFalse();
    assertThat(early.ranAt()).isNull();
  }
}
