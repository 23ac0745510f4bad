package io.tardigrade.box;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.tardigrade.lab.CommandResult;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** The box is what other tests take it for: a host with a working KVM and soft-dirty tracking. */
@Tag("box")
class LabSmokeTest {
  private static final Duration SHORT = Duration.ofSeconds(30);

  private static HostBox box;

  @BeforeAll
  static void boot() throws IOException {
    box = HostBox.start(HostBox.OPTIONS);
  }

  @AfterAll
  static void endLeavesNothing() throws IOException {
    Path folder = box.folder();
    long keeper = box.keeperPid();
    box.close();
    assertThat(folder).doesNotExist();
    assertThat(ProcessHandle.of(keeper)).isEmpty();
  }

  @Test
  void guestUnderKvmGoesOnInANewHypervisor() throws IOException {
    box.push(Commands.resource("kvm-guest.sh"), "/tmp/kvm-guest");
    CommandResult result = box.run("/tmp/kvm-guest", Duration.ofMinutes(3)).orThrow();

    assertThat(result.text()).contains("kvm enabled=true present=true");
    List<String> lines = result.text().lines().filter(line -> line.startsWith("count ")).toList();
    assertThat(lines).hasSizeGreaterThan(5);
    String end = " clock kvm-clock boot " + lines.getFirst().replaceAll(".* ", "");
    int last = lines.size() - 1;
    for (int i = 0; i < last; i++) {
      assertThat(lines.get(i)).isEqualTo("count " + (i + 1) + end);
    }
    // The guest may have been in the middle of its last line when it was ended.
    assertThat("count " + (last + 1) + end).startsWith(lines.get(last));
  }

  @Test
  void softDirtyNamesExactlyThePagesWritten() throws IOException {
    String dirty =
        box.run("java io.tardigrade.box.SoftDirtyProbe 3 17 40 63", SHORT).orThrow().text();
    assertThat(dirty).isEqualTo("3 17 40 63");
  }

  /** The tracker, with another process that writes. */
  @Test
  void noPageWrittenIsMissedAndNoneIsReportedTwice() throws IOException {
    long seed = System.nanoTime();
    CommandResult result =
        box.run(
            "java --enable-native-access=ALL-UNNAMED io.tardigrade.box.SoftDirtyTrial " + seed,
            Duration.ofMinutes(2));
    assertThat(result.exitCode()).as("seed " + seed + ": " + result.errorText()).isZero();
    assertThat(result.text()).startsWith("none missed");
  }

  @Test
  void kernelIsOlderThanPagemapScanAndHasTheNetworkAHostNeeds() throws IOException {
    String script =
        """
        uname -r
        ip link add br9 type bridge && ip tuntap add tap9 mode tap && ip link set tap9 master br9
        nft 'add table ip t; add chain ip t n { type nat hook prerouting priority -100; };
             add rule ip t n tcp dport 80 dnat to 10.0.0.2'
        ip link del tap9; ip link del br9; nft delete table ip t
        """;
    assertThat(box.run("set -e\n" + script, SHORT).orThrow().text()).startsWith("6.1.");
  }

  @Test
  void boxThatCannotStartSaysWhyAndLeavesNothing() throws IOException {
    long before = boxFolders();
    Path missing = Path.of("/no/such/file");
    assertThatThrownBy(() -> HostBox.start(HostBox.OPTIONS.plusFiles(Map.of("x", missing))))
        .hasMessageContaining("/no/such/file");
    assertThat(boxFolders()).isEqualTo(before);
  }

  private static long boxFolders() throws IOException {
    try (Stream<Path> files = Files.list(Path.of(System.getProperty("java.io.tmpdir")))) {
      return files.filter(file -> file.getFileName().toString().startsWith(HostBox.PREFIX)).count();
    }
  }

  @Test
  void commandsAreAnsweredWithCodeAndBothOutputs() throws IOException {
    CommandResult result = box.run("cat; echo no >&2; exit 3", "yes\n".getBytes(UTF_8), SHORT);
    assertThat(result.exitCode()).isEqualTo(3);
    assertThat(result.text()).isEqualTo("yes");
    assertThat(result.errorText()).isEqualTo("no");
    assertThatThrownBy(result::orThrow).hasMessageContaining("ended with 3");
  }

  @Test
  void commandThatTakesTooLongIsEnded() throws IOException {
    CommandResult result = box.run("echo begun; sleep 1000", Duration.ofSeconds(2));
    assertThat(result.exitCode()).isEqualTo(CommandResult.TIMED_OUT);
    assertThat(result.text()).isEqualTo("begun");
    assertThat(box.run("pgrep -x sleep -a | grep -c 1000", SHORT).text()).isEqualTo("0");
  }

  @Test
  void fourCommandsRunAtOnce() throws Exception {
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      List<Future<CommandResult>> results = new ArrayList<>();
      for (int i = 0; i < 4; i++) {
        String script =
            "mkdir -p /tmp/meet; touch /tmp/meet/"
                + i
                + "; until [ $(ls /tmp/meet | wc -l) = 4 ]; do sleep .1; done";
        results.add(threads.submit(() -> box.run(script, SHORT)));
      }
      for (Future<CommandResult> result : results) {
        assertThat(result.get().exitCode()).isZero();
      }
    }
  }

  @Test
  void filesPassUnchangedInBothDirections() throws IOException {
    byte[] content = Files.readAllBytes(Path.of(box.host().spec().system(), "vmlinuz"));
    box.push(content, "/tmp/some/folder/file");
    assertThat(box.pull("/tmp/some/folder/file")).isEqualTo(content);
  }

  @Test
  void restartedHostServesAgainAndKeepsItsDisk() throws IOException {
    box.run("echo kept >/var/lib/before; sync", SHORT).orThrow();
    String before = box.run("cat /proc/sys/kernel/random/boot_id", SHORT).orThrow().text();

    box.runAndAwaitRestart("echo c >/proc/sysrq-trigger", Duration.ofSeconds(90));

    assertThat(box.run("cat /var/lib/before", SHORT).orThrow().text()).isEqualTo("kept");
    assertThat(box.run("cat /proc/sys/kernel/random/boot_id", SHORT).orThrow().text())
        .isNotEqualTo(before);
  }

  @Test
  void whoLosesTheHostUnderACommandIsToldWhatItsProcessorsDo() throws IOException {
    assertThatThrownBy(() -> box.run("echo said; echo c >/proc/sysrq-trigger", SHORT))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("restarted while the command ran")
        .hasMessageContaining("said")
        .hasMessageContaining("RIP=");
    box.host().awaitReady(Duration.ofSeconds(90));
  }
}
