package io.tardigrade.system;

import static org.assertj.core.api.Assertions.assertThat;

import io.tardigrade.guest.Json;
import io.tardigrade.linux.Linux;
import io.tardigrade.preserve.Life;
import io.tardigrade.preserve.Place;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/**
 * The host is lost with all its processes and all that is kept in memory; with real kernels this is
 * {@code HostResetTest}'s.
 */
final class HostLossTest extends SystemTest {
  private static final String LOST_BOOT = "11111111-2222-3333-4444-555555555555";

  @Test
  void guestOfAHostWithoutPreservedMemoryBootsFromItsDiskBeforeTheAgentIsUp() throws Exception {
    Guest guest =
        host().run("lost", "--volume", "lost:/data:64M", "--", Probe.program().toString());
    long told;
    try (CountingClient records = CountingClient.records(guest.address(), "/data/records")) {
      records.await(20);
      guest.awaitProtected();
      loseHost(guest);
      told = records.last();
    }
    Process agent = startAgent();
    try {
      guest.awaitIncident(0, i -> i.cause().equals("host-lost") && i.outcome().equals("restarted"));
      guest.awaitProtected();
      Guest.await("the agent says that it started the guardian")
          .untilAsserted(() ->
              assertThat(agentLog())
                  .contains("guest lost: started guardian", "before all else")
                  .containsOnlyOnce("started guardian"));
      try (CountingClient records = CountingClient.records(guest.address(), "/data/records")) {
        records.await(1);
        assertThat(records.last()).as("follows what was told").isGreaterThan(told);
      }
    } finally {
      agent.destroy();
      agent.waitFor();
    }
  }

  /** All processes at once, and what is in memory: the run folder and the images. */
  private void loseHost(Guest guest) throws Exception {
    List<Long> left = host().processes();
    while (!left.isEmpty()) {
      for (long pid : left) {
        try {
          Linux.kill(pid, Linux.SIGKILL);
        } catch (IOException e) {
          // It has ended with another.
        }
      }
      left = Processes.goneWithin(host().processes(), 200);
    }
    empty(host().paths().run());
    empty(host().paths().images());
    Json.write(guest.files().folder().resolve("life.json"), new Life(LOST_BOOT, Place.ORDINARY));
  }

  private static void empty(Path folder) throws IOException {
    try (Stream<Path> files = Files.walk(folder)) {
      for (Path file : files.sorted(java.util.Comparator.reverseOrder()).toList()) {
        if (!file.equals(folder)) {
          Files.delete(file);
        }
      }
    }
  }

  private Process startAgent() throws IOException {
    ProcessBuilder builder =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--enable-native-access=ALL-UNNAMED",
                "-cp",
                System.getProperty("java.class.path"),
                "io.tardigrade.cli.Main",
                "agent")
            .redirectErrorStream(true)
            .redirectOutput(agentLogFile().toFile());
    builder.environment().put("TARDIGRADE_STATE", host().paths().state().toString());
    builder.environment().put("TARDIGRADE_RUN", host().paths().run().toString());
    builder.environment().put("TARDIGRADE_IMAGES", host().paths().images().toString());
    return builder.start();
  }

  private Path agentLogFile() {
    return host().paths().state().resolve("service.log");
  }

  private String agentLog() throws IOException {
    return Files.readString(agentLogFile());
  }
}
