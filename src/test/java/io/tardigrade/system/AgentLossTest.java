package io.tardigrade.system;

import static org.assertj.core.api.Assertions.assertThat;

import io.tardigrade.guardian.GuardianClient;
import io.tardigrade.guest.GuestStatus;
import io.tardigrade.guest.GuestStatus.Quantiles;
import io.tardigrade.linux.Linux;
import io.tardigrade.linux.NotifyListener;
import io.tardigrade.process.AgentInfo;
import io.tardigrade.process.AgentLauncher;
import io.tardigrade.process.Program;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** The agent is killed, stopped, hung and upgraded; guests do not notice. */
final class AgentLossTest extends SystemTest {
  private static final int ANSWERS = 30;

  /** What befalls an agent. */
  private enum Loss {
    KILLED,
    STOPPED,
    HUNG,
    UPGRADED
  }

  @Test
  void agentLostUnderLoadIsNotFelt() throws Exception {
    loseAgents(List.of(Loss.KILLED, Loss.STOPPED, Loss.HUNG, Loss.UPGRADED, Loss.HUNG));
  }

  @Test
  @Tag("long")
  void agentLostTwentyTimesUnderLoadIsNotFelt() throws Exception {
    loseAgents(
        Collections.nCopies(5, List.of(Loss.values())).stream().flatMap(List::stream).toList());
  }

  private void loseAgents(List<Loss> losses) throws Exception {
    Guest guest = host().run("kv", "--", Probe.program().toString());
    try (CountingClient client = guest.countWithProbe()) {
      client.await(ANSWERS);
      GuestStatus before = guest.awaitProtected();
      Quantiles quiet = pauses(guest, client, 0);
      GuardianClient.connect(host().paths(), "kv").resetStatistics();
      for (int i = 0; i < losses.size(); i++) {
        lose(losses.get(i), i);
        client.await(ANSWERS);
        GuestStatus now = guest.awaitProtected();
        assertThat(now.guardian().pid()).isEqualTo(before.guardian().pid());
        assertThat(now.hypervisor().pid()).isEqualTo(before.hypervisor().pid());
      }
      Quantiles disturbed = guest.awaitProtected().protection().pauseSeconds();
      System.out.println("AgentLossTest: pauses quiet " + quiet + ", with losses " + disturbed);
      // The next agents take processor time of their own on a small machine, hence the factor.
      assertThat(disturbed.p50()).isLessThan(2 * quiet.p50() + 0.002);
      assertThat(client.longestWait()).isLessThan(Duration.ofSeconds(5));
    }
    assertThat(guest.incidents()).isEmpty();
    assertThat(guest.show().recoveries().count()).isZero();
    Guest.await("one agent is left").until(() -> host().agents().size() == 1);
    guest.delete();
    Guest.await("the agent without guests ends").until(() -> host().agents().isEmpty());
    Guest.await("nothing of it is left").until(() -> files(host().paths().run()), List::isEmpty);
    assertThat(Processes.goneWithin(host().processes(), 20_000)).isEmpty();
  }

  /** Pauses of the guest while its client gets many answers. */
  private Quantiles pauses(Guest guest, CountingClient client, long least) throws Exception {
    GuardianClient.connect(host().paths(), "kv").resetStatistics();
    client.await(10 * ANSWERS);
    Quantiles found = guest.awaitProtected().protection().pauseSeconds();
    assertThat(found.count()).isGreaterThan(least);
    return found;
  }

  private void lose(Loss loss, int round) throws Exception {
    AgentInfo lost = awaitAgent(0);
    switch (loss) {
      case KILLED -> Linux.kill(lost.pid(), Linux.SIGKILL);
      case STOPPED -> Linux.kill(lost.pid(), Linux.SIGTERM);
      case HUNG -> {
        Processes.stop(lost.pid());
        // A command notices, or the guardian does; the first of these rounds is left to it.
        if (round >= Loss.values().length) {
          TestHost.Result result = host().must("start", "kv");
          assertThat(result.err()).contains("does not answer; replacing it");
        }
      }
      case UPGRADED -> {
        startOtherBuild(lost.pid());
        AgentInfo other = awaitAgent(lost.pid());
        assertThat(other.build()).isNotEqualTo(Program.build());
        assertThat(host().must("list", "-o", "name").out().strip()).isEqualTo("kv");
        host().must("start", "kv");
        assertThat(awaitAgent(other.pid()).build()).isEqualTo(Program.build());
      }
    }
    var _ = awaitAgent(lost.pid());
    assertThat(Processes.goneWithin(List.of(lost.pid()), 20_000)).isEmpty();
  }

  /** An agent that answers and is not {@code lost}. */
  private AgentInfo awaitAgent(long lost) {
    return Guest.await("an agent other than " + lost)
        .until(this::agent, info -> info.filter(i -> i.pid() != lost).isPresent())
        .orElseThrow();
  }

  private Optional<AgentInfo> agent() {
    try {
      return Optional.of(AgentLauncher.ask(host().paths(), 1000));
    } catch (IOException e) {
      return Optional.empty();
    }
  }

  /** An upgrade as a command of another build makes it. */
  private void startOtherBuild(long replaced) throws IOException {
    Path more = host().folder("other-build");
    List<String> command =
        new ArrayList<>(
            List.of(
                "setsid",
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:TieredStopAtLevel=1",
                "--enable-native-access=ALL-UNNAMED",
                "-cp",
                System.getProperty("java.class.path") + ":" + more,
                AgentLauncher.MAIN,
                "--until-idle",
                "--replace=" + replaced));
    ProcessBuilder builder =
        new ProcessBuilder(command)
            .redirectOutput(ProcessBuilder.Redirect.DISCARD)
            .redirectErrorStream(true);
    Map<String, String> environment = builder.environment();
    environment.put("TARDIGRADE_STATE", host().paths().state().toString());
    environment.put("TARDIGRADE_RUN", host().paths().run().toString());
    environment.put("TARDIGRADE_IMAGES", host().paths().images().toString());
    builder.start();
  }

  @Test
  void agentLostWhileItMakesAGuestLeavesNothingHalfMade() throws Exception {
    Guest other = host().run("other", "--", Probe.program().toString());
    other.awaitProtected();
    Path large = host().folder("large").resolve("file");
    try (RandomAccessFile file = new RandomAccessFile(large.toFile(), "rw")) {
      file.setLength(300L << 20);
    }
    AgentInfo agent = awaitAgent(0);
    String program = Probe.program().toString();
    CompletableFuture<TestHost.Result> run =
        CompletableFuture.supplyAsync(() ->
            host()
                .cli(
                    "run",
                    "--name",
                    "half",
                    "--memory",
                    "2G",
                    "--volume",
                    "half:/data:64M",
                    "--add",
                    large.toString(),
                    "--detach",
                    "--",
                    program));
    Path guests = host().paths().guests();
    Guest.await("a half-made guest")
        .pollInterval(Duration.ofMillis(1))
        .until(() -> files(guests).stream().anyMatch(name -> name.startsWith(".half")));
    Linux.kill(agent.pid(), Linux.SIGKILL);
    TestHost.Result result = run.join();
    assertThat(result.code()).as(result.err()).isEqualTo(7);
    assertThat(result.complaint()).contains("agent was lost in the middle of the request");
    assertThat(result.err()).doesNotContain("\tat ");
    Guest.await("what was half-made is taken away")
        .until(() -> files(guests).equals(List.of("other")));
    assertThat(files(host().paths().volumes())).isEmpty();
    assertThat(other.awaitProtected().recoveries().count()).isZero();
  }

  @Test
  void serviceTakesOverFromACommandsAgentAndLeavesItsGuestsBehind() throws Exception {
    Guest guest = host().run("kept", "--", Probe.program().toString());
    GuestStatus before = guest.awaitProtected();
    AgentInfo first = awaitAgent(0);
    assertThat(first.service()).isFalse();
    Path manager = host().paths().run().resolve("manager.sock");
    long pid;
    try (NotifyListener listener = new NotifyListener(manager.toString())) {
      Process service = startService(manager);
      pid = service.pid();
      try {
        assertThat(listener.next()).startsWith("READY=1\nSTATUS=serves at ");
        AgentInfo info = AgentLauncher.ask(host().paths(), 10_000);
        assertThat(info.service()).as("what is ready answers").isTrue();
        assertThat(info.pid()).isEqualTo(pid);
        TestHost.Result second = host().cli("agent");
        assertThat(second.code()).as(second.err()).isEqualTo(5);
        assertThat(second.complaint()).contains("runs here as a service already");
        assertThat(guest.awaitProtected().guardian().pid()).isEqualTo(before.guardian().pid());
      } finally {
        service.destroy();
      }
      assertThat(service.waitFor()).as("ended by SIGTERM").isEqualTo(143);
      assertThat(listener.next()).isEqualTo("STOPPING=1");
    } finally {
      Files.deleteIfExists(manager);
    }
    assertThat(awaitAgent(pid).service()).as("the guardian's").isFalse();
    assertThat(guest.awaitProtected().guardian().pid()).isEqualTo(before.guardian().pid());
    assertThat(guest.incidents()).isEmpty();
  }

  private Process startService(Path manager) throws IOException {
    ProcessBuilder builder =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--enable-native-access=ALL-UNNAMED",
                "-cp",
                System.getProperty("java.class.path"),
                "io.tardigrade.cli.Main",
                "--state",
                host().paths().state().toString(),
                "agent")
            .redirectOutput(ProcessBuilder.Redirect.DISCARD)
            .redirectError(ProcessBuilder.Redirect.DISCARD);
    builder.environment().put("TARDIGRADE_RUN", host().paths().run().toString());
    builder.environment().put("TARDIGRADE_IMAGES", host().paths().images().toString());
    builder.environment().put("NOTIFY_SOCKET", manager.toString());
    return builder.start();
  }

  private static List<String> files(Path folder) {
    if (!Files.isDirectory(folder)) {
      return List.of();
    }
    try (Stream<Path> files = Files.list(folder)) {
      return files.map(file -> file.getFileName().toString()).toList();
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }
}
