package io.tardigrade.system;

import static org.assertj.core.api.Assertions.assertThat;

import io.tardigrade.guest.Json;
import io.tardigrade.incident.Incident;
import io.tardigrade.linux.Linux;
import io.tardigrade.preserve.Life;
import io.tardigrade.preserve.Place;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * The host is lost with all its processes and all that is kept in memory; with real kernels this is
 * {@code HostResetTest}'s.
 */
@Tag("aside")
final class HostLossTest extends SystemTest {
  private static final int DAMAGED_PAGE = 20_000;
  private static final String LOST_BOOT = "11111111-2222-3333-4444-555555555555";

  /**
   * One guest's memory is lost with the host, one's is kept, one's nobody can read, and one's has a
   * bit changed.
   */
  @Test
  void guestsOfALostHostAreResumedRestartedOrKeptBeforeTheAgentIsUp() throws Exception {
    Guest lost = host().run("lost", "--volume", "lost:/data:64M", "--", Probe.program().toString());
    Guest pair =
        host()
            .run("pair", "--vcpus", "2", "--memory", least("2"), "--", Probe.program().toString());
    Guest strange = host().run("strange", "--", Probe.program().toString());
    Guest damaged = host().run("damaged", "--", Probe.program().toString());
    List.of(lost, pair, strange, damaged).forEach(Guest::awaitProtected);
    long told;
    try (CountingClient counter = pair.countWithProbe()) {
      counter.await(20);
      try (CountingClient records = CountingClient.records(lost.address(), "/data/records")) {
        records.await(20);
        lost.awaitProtected();
        counter.rest(true);
        killAll();
        told = records.last();
      }
      bootAnew(lost, pair, strange, damaged);
      empty(lost.image());
      Files.delete(lost.image());
      ofAnotherVersion(strange.image());
      flipABit(damaged.image());
      Process agent = startAgent();
      try {
        lost.awaitIncident(0, i -> told(i, "restarted"));
        pair.awaitIncident(0, i -> told(i, "recovered"));
        strange.awaitIncident(0, i -> told(i, "kept"));
        damaged.awaitIncident(0, i -> told(i, "kept"));
        lost.awaitProtected();
        counter.rest(false);
        counter.await(20);
        Guest.await("the agent says that it started the guardians")
            .untilAsserted(() ->
                assertThat(agentLog())
                    .contains("guest lost: started guardian", "guest pair: started guardian")
                    .contains("before all else"));
        assertThat(agentLog().split("started guardian", -1)).as("of each at most one").hasSize(3);
        assertToldByHostResume();
        host().must("start", "damaged");
        damaged.awaitProtected();
      } finally {
        agent.destroy();
        agent.waitFor();
      }
    }
    try (CountingClient records = CountingClient.records(lost.address(), "/data/records")) {
      records.await(1);
      assertThat(records.last()).as("follows what was told").isGreaterThan(told);
    }
  }

  private static boolean told(Incident incident, String outcome) {
    return incident.cause().equals("host-lost") && incident.outcome().equals(outcome);
  }

  /** The least memory that boots, as a command tells that was given too little. */
  private String least(String vcpus) throws IOException {
    TestHost.Result refused =
        host()
            .cli(
                "run",
                "--name",
                "little",
                "--vcpus",
                vcpus,
                "--memory",
                "64M",
                "--detach",
                "--",
                Probe.program().toString());
    assertThat(refused.code()).isEqualTo(2);
    Matcher least = Pattern.compile("boots with (\\d+M) at the least").matcher(refused.complaint());
    assertThat(least.find()).as(refused.err()).isTrue();
    return least.group(1);
  }

  /** Who was kept is named with the reason, by an exit code too; the host itself is no guest. */
  private void assertToldByHostResume() {
    TestHost.Result resume = host().cli("host", "resume");
    assertThat(resume.code()).as(resume.out()).isEqualTo(1);
    assertThat(resume.out().lines().skip(1))
        .hasSize(4)
        .anyMatch(line -> line.startsWith("damaged") && line.contains("page " + DAMAGED_PAGE))
        .anyMatch(line -> line.startsWith("pair") && line.contains("stood still"))
        .anyMatch(line ->
            line.startsWith("strange") && line.contains("format version 2, this program knows"));
  }

  /** All processes at once, and the run folder. */
  private void killAll() throws Exception {
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
  }

  private static void bootAnew(Guest... guests) throws IOException {
    for (Guest guest : guests) {
      Json.write(guest.files().folder().resolve("life.json"), new Life(LOST_BOOT, Place.ORDINARY));
    }
  }

  /** As a program after this one might have made it. */
  private static void ofAnotherVersion(Path image) throws IOException {
    Path state = image.resolve("state");
    byte[] bytes = Files.readAllBytes(state);
    bytes[8] = 2;
    Files.write(state, bytes);
  }

  private static void flipABit(Path image) throws IOException {
    Path ram;
    try (Stream<Path> files = Files.list(image)) {
      ram =
          files
              .filter(file -> file.getFileName().toString().startsWith("ram-"))
              .findAny()
              .orElseThrow();
    }
    try (RandomAccessFile file = new RandomAccessFile(ram.toFile(), "rw")) {
      file.seek(DAMAGED_PAGE * 4096L + 128);
      int was = file.read();
      file.seek(DAMAGED_PAGE * 4096L + 128);
      file.write(was ^ 4);
    }
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
