package io.tardigrade.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.tardigrade.agent.TestAgent;
import io.tardigrade.control.AgentHost;
import io.tardigrade.control.FakeControl;
import io.tardigrade.control.HostApi;
import io.tardigrade.control.HostService;
import io.tardigrade.control.Problem;
import io.tardigrade.guest.GuestFiles;
import io.tardigrade.guest.GuestStatus;
import io.tardigrade.guest.HostPaths;
import io.tardigrade.guest.Json;
import io.tardigrade.incident.EventLog;
import io.tardigrade.incident.Incident;
import io.tardigrade.incident.IncidentStore;
import io.tardigrade.launch.FakeHost;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.InstantSource;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.BiFunction;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tools.jackson.databind.JsonNode;

class CliTest {
  @TempDir Path folder;
  private final FakeHost made = new FakeHost();
  private final FakeControl control = new FakeControl();
  private final Map<String, String> environment = new HashMap<>();
  private final ByteArrayOutputStream out = new ByteArrayOutputStream();
  private final ByteArrayOutputStream err = new ByteArrayOutputStream();
  private String typed = "";
  private boolean interactive;
  private TestAgent agent;
  private BiFunction<HostPaths, Consumer<String>, HostApi> host;

  @BeforeEach
  void setUp() throws IOException {
    environment.put("TARDIGRADE_STATE", folder.resolve("state").toString());
    environment.put("TARDIGRADE_RUN", folder.resolve("run").toString());
    environment.put("TARDIGRADE_IMAGES", folder.resolve("images").toString());
    InstantSource clock = InstantSource.fixed(Instant.parse("2026-11-22T18:00:00Z"));
    agent =
        TestAgent.serve(
            paths(),
            new HostService(paths(), made, made, control.in(paths()), clock, TestAgent::fit));
    // All of it goes over the API, as it does with a real agent.
    host = (_, _) -> agent.client();
  }

  @AfterEach
  void tearDown() throws IOException {
    agent.close();
  }

  private HostPaths paths() {
    return HostPaths.of(environment);
  }

  private int cli(String... arguments) {
    out.reset();
    err.reset();
    Session session =
        new Session(
            environment,
            new ByteArrayInputStream(typed.getBytes(StandardCharsets.UTF_8)),
            new PrintStream(out, true, StandardCharsets.UTF_8),
            new PrintStream(err, true, StandardCharsets.UTF_8),
            interactive,
            false,
            InstantSource.fixed(Instant.parse("2026-11-22T18:00:00Z")),
            host);
    return Cli.run(session, arguments);
  }

  /** Runs a command line written with spaces between its words. */
  private int run(String line) {
    return cli(line.split(" "));
  }

  private int runGuest(String name) {
    return run("run --name " + name + " --accelerator tcg --detach -- /bin/true --protected-mode");
  }

  @ParameterizedTest
  @CsvSource({
    "2, nonsense",
    "2, list --nonsense",
    "2, run -- /bin/true",
    "2, run --name kv",
    "2, run --name KV -- /bin/true",
    "2, run --name kv --memory 3 -- /bin/true",
    "2, run --name kv --memory lots -- /bin/true",
    "2, run --name kv --vcpus 99 -- /bin/true",
    "2, run --name kv --checkpoint-interval soon -- /bin/true",
    "2, run --name kv --volume data:x -- /bin/true",
    "2, run --name kv --publish 99999:1 -- /bin/true",
    "2, run --name kv --env novalue -- /bin/true",
    "2, run --name kv --engine magic -- /bin/true",
    "2, run --name kv --disk /a --image /b",
    "2, run --name kv --disk /a -- /bin/true",
    "2, run --name kv --image /b --add /etc/hosts",
    "2, show ../etc",
    "2, list -o xml",
    "2, delete",
    "2, volume",
    "4, run --name kv -- /bin/no-such-program",
    "4, run --name kv --disk /no/such/disk",
    "4, run --name kv --image /no/such/archive",
    "4, run --name kv --volume data:/data -- /bin/true",
    "4, run --name kv --add /no/such/file -- /bin/true",
    "2, lab up --kind cloud",
    "2, lab up --memory 3",
    "2, lab up --memory lots",
    "2, lab up --preserve 100M",
    "2, lab up --preserve 1G",
    "2, lab up --vcpus 9",
    "2, lab up --name ../x",
    "2, lab run",
    "2, lab run h1",
    "2, lab leak h1 --kind disk",
    "2, lab leak h1 --rate 0",
    "4, lab run h1 true",
    "4, lab run h1 -- true",
    "4, lab console h1",
    "4, lab panic h1",
    "4, lab power-cut h1",
    "4, lab reset h1",
    "4, lab leak h1",
    "4, lab down h1",
    "0, lab list",
    "4, show kv",
    "4, start kv",
    "4, stop kv",
    "4, delete -y kv",
    "4, logs kv",
    "4, console kv",
    "4, wait kv",
    "4, incident show 2026",
    "4, volume delete -y data",
    "5, run --name kv --memory 1T -- /bin/true",
    "0, list",
    "0, events",
    "0, incident list",
    "0, volume list",
    "0, version",
    "0, --help",
    "0, --version",
    "0, run --help",
  })
  void everyWayToEndHasItsDocumentedCodeAndErrorsAreOneLine(int code, String line)
      throws IOException {
    assertThat(run(line)).as("%s: %s", line, err).isEqualTo(code);

    if (code != 0) {
      assertThat(err.toString(StandardCharsets.UTF_8)).startsWith("tardigrade: ").hasLineCount(1);
      assertThat(out.size()).isZero();
      assertThat(GuestFiles.names(paths())).isEmpty();
      assertThat(made.places).isEmpty();
    }
  }

  @Test
  void theTableOfExitCodesIsInTheHelp() {
    run("--help");
    for (ExitCode code : ExitCode.values()) {
      assertThat(out.toString(StandardCharsets.UTF_8))
          .contains("  " + code.code() + "   " + code.meaning());
    }
    assertThat(ExitCode.values()).extracting(ExitCode::code).containsExactly(0, 1, 2, 4, 5, 6, 7);
  }

  @Test
  void whatIsMistypedIsAnsweredWithTheNearest() {
    run("lsit");
    assertThat(err.toString(StandardCharsets.UTF_8)).contains("did you mean list");
    run("run --nmae kv");
    assertThat(err.toString(StandardCharsets.UTF_8)).contains("did you mean --name?");
    run("frobnicate");
    assertThat(err.toString(StandardCharsets.UTF_8)).doesNotContain("did you mean");
  }

  @Test
  void choicesAreNamedAsTheyAreTyped() {
    assertThat(run("maintenance sideways")).isEqualTo(2);
    assertThat(err.toString(StandardCharsets.UTF_8))
        .contains("expected one of on, off, status, acknowledge but was 'sideways'");
    run("list -o XML");
    assertThat(err.toString(StandardCharsets.UTF_8))
        .contains("'--output': expected one of table, json, yaml, name but was 'XML'");
  }

  @Test
  void aStackTraceIsShownOnlyWithDebug() {
    run("show kv");
    assertThat(err.toString(StandardCharsets.UTF_8)).doesNotContain("\tat ");
    run("show kv --debug");
    assertThat(err.toString(StandardCharsets.UTF_8)).contains("\tat io.tardigrade");
    environment.put("TARDIGRADE_DEBUG", "true");
    run("show kv");
    assertThat(err.toString(StandardCharsets.UTF_8)).contains("\tat io.tardigrade");
  }

  @Test
  void aDetachedRunPrintsNameAndAddressAlone() throws IOException {
    assertThat(runGuest("kv")).isZero();
    assertThat(out.toString(StandardCharsets.UTF_8)).isEqualTo("kv 10.1.0.2\n");
    assertThat(GuestFiles.of(paths(), "kv").spec().program())
        .isEqualTo("/bin/true --protected-mode");
    assertThat(runGuest("kv")).as("the name is in use").isEqualTo(5);
  }

  @Test
  void optionsAfterTheProgramAreItsOwnEvenWithoutDashes() throws IOException {
    assertThat(run("run --name kv --accelerator tcg --detach /bin/true --memory 3")).isZero();
    assertThat(GuestFiles.of(paths(), "kv").spec().program()).isEqualTo("/bin/true --memory 3");
  }

  @Test
  void flagsComeBeforeTheEnvironmentAndThatBeforeDefaults() throws IOException {
    environment.put("TARDIGRADE_MEMORY", "256M");
    environment.put("TARDIGRADE_OUTPUT", "name");
    assertThat(runGuest("one")).isZero();
    assertThat(run("run --name two --accelerator tcg --memory 512M --detach /bin/true")).isZero();
    environment.remove("TARDIGRADE_MEMORY");
    assertThat(runGuest("three")).isZero();

    assertThat(GuestFiles.of(paths(), "one").spec().memoryBytes()).isEqualTo(256 << 20);
    assertThat(GuestFiles.of(paths(), "two").spec().memoryBytes()).isEqualTo(512 << 20);
    assertThat(GuestFiles.of(paths(), "three").spec().memoryBytes()).isEqualTo(128 << 20);
    run("list");
    assertThat(out.toString(StandardCharsets.UTF_8)).isEqualTo("one\nthree\ntwo\n");
  }

  @Test
  void showPrintsWhatTheGuardianTells() throws IOException {
    runGuest("kv");
    run("show kv -o json");
    JsonNode shown = Json.parse("show", out.toString(StandardCharsets.UTF_8), JsonNode.class);
    assertThat(shown.at("/state").asString()).isEqualTo("RUNNING");
    assertThat(shown.at("/memory_bytes").asLong()).isEqualTo(128 << 20);
    assertThat(shown.at("/hypervisor/pid").asLong()).isEqualTo(11);
    assertThat(shown.at("/guardian/pid").asLong()).isEqualTo(12);
    assertThat(shown.at("/protection/committed_epoch").asLong()).isEqualTo(42);
    assertThat(shown.at("/protection/pause_seconds/p99").asDouble()).isEqualTo(0.0035);
    assertThat(shown.at("/recoveries/count").asLong()).isZero();
    assertThat(shown.properties())
        .extracting(Map.Entry::getKey)
        .startsWith("name", "state", "reason", "address");

    run("show kv");
    assertThat(out.toString(StandardCharsets.UTF_8))
        .contains("kv  RUNNING", "2.6 ms / 3.5 ms", "pid 11", "128 MiB");
  }

  @Test
  void aGuestWithoutAGuardianIsShownFromItsFiles() throws IOException {
    runGuest("kv");
    control.running.clear();
    run("list");
    assertThat(out.toString(StandardCharsets.UTF_8)).contains("RECOVERING");
    GuestFiles.of(paths(), "kv")
        .writeOutcome(
            new GuestFiles.Outcome(
                GuestStatus.State.FAILED, "given up after 5 recoveries", null, Instant.EPOCH));
    run("show kv");
    assertThat(out.toString(StandardCharsets.UTF_8))
        .contains("FAILED", "given up after 5 recoveries");
    Files.writeString(paths().spec("kv"), "{ broken");
    assertThat(run("list")).isZero();
    assertThat(out.toString(StandardCharsets.UTF_8)).contains("FAILED");
  }

  @Test
  void stoppingAndStartingTwiceChangesNothingTheSecondTime() throws IOException {
    runGuest("kv");
    assertThat(run("stop kv")).isZero();
    assertThat(run("stop kv")).isZero();
    assertThat(GuestFiles.of(paths(), "kv").desiredRunning()).isFalse();
    run("list");
    assertThat(out.toString(StandardCharsets.UTF_8)).contains("STOPPED");
    assertThat(run("wait kv")).isZero();
    assertThat(run("wait kv --for running")).isEqualTo(5);

    assertThat(run("start kv")).isZero();
    assertThat(run("start kv")).isZero();
    assertThat(run("wait kv --for running")).isZero();
    assertThat(run("wait kv --timeout 0s")).isEqualTo(6);
  }

  @Test
  void deletingAsksOnATerminalAndRefusesToGuessElsewhere() throws IOException {
    runGuest("kv");
    assertThat(run("delete kv")).as("nobody to ask").isEqualTo(2);
    interactive = true;
    typed = "no\n";
    assertThat(run("delete kv")).isEqualTo(1);
    assertThat(GuestFiles.names(paths())).containsExactly("kv");
    typed = "y\n";
    assertThat(run("delete kv")).isZero();
    assertThat(GuestFiles.names(paths())).isEmpty();
    assertThat(control.running).isEmpty();
    assertThat(made.places).isEmpty();
  }

  @Test
  void anAgentThatDoesNotStartIsCodeSeven() throws IOException {
    Path file = Files.writeString(folder.resolve("file"), "");
    environment.put("TARDIGRADE_RUN", file.toString());
    host = AgentHost::new;
    assertThat(runGuest("kv")).isEqualTo(7);
    assertThat(err.toString(StandardCharsets.UTF_8))
        .contains("agent cannot be started", file.toString())
        .hasLineCount(1);
    assertThat(run("list")).as("looking at a host starts nothing").isZero();
  }

  @Test
  void everyKindOfProblemEndsInADocumentedCode() {
    for (Problem.Code code : Problem.Code.values()) {
      assertThat(ExitCode.values()).extracting(ExitCode::code).contains(code.exitCode());
    }
  }

  @Test
  void anAttachedRunEndsAsItsProgramDoes() throws IOException {
    String line = "run --accelerator tcg --name ";
    control.endsAtOnce =
        new GuestFiles.Outcome(GuestStatus.State.STOPPED, "ended", 0, Instant.EPOCH);
    assertThat(run(line + "good /bin/true")).isZero();
    control.endsAtOnce =
        new GuestFiles.Outcome(GuestStatus.State.STOPPED, "ended", 3, Instant.EPOCH);
    assertThat(run(line + "bad /bin/true")).isEqualTo(1);
    assertThat(err.toString(StandardCharsets.UTF_8)).contains("exit status 3");
    assertThat(run("wait bad")).isEqualTo(1);
    assertThat(out.toString(StandardCharsets.UTF_8)).isEqualTo("3\n");
    GuestFiles.of(paths(), "good").clearOutcome();
    assertThat(run("wait good")).as("nobody wrote down how it ended").isEqualTo(1);
    assertThat(err.toString(StandardCharsets.UTF_8)).contains("before it wrote down how");
  }

  @Test
  void logsAreThoseOfBothFiles() throws IOException {
    runGuest("kv");
    Path log = GuestFiles.of(paths(), "kv").consoleLog();
    Files.writeString(log.resolveSibling("console.log.1"), "one\ntwo\n");
    Files.writeString(log, "three\nfour\n");
    run("logs kv");
    assertThat(out.toString(StandardCharsets.UTF_8)).isEqualTo("one\ntwo\nthree\nfour\n");
    run("logs kv --tail 3");
    assertThat(out.toString(StandardCharsets.UTF_8)).isEqualTo("two\nthree\nfour\n");
    run("stop kv");
    run("logs -f kv --tail 1");
    assertThat(out.toString(StandardCharsets.UTF_8)).isEqualTo("four\n");
  }

  @Test
  void incidentsAndEventsArePrintedInEveryFormat() throws IOException {
    Instant at = Instant.parse("2026-11-22T18:15:03Z");
    Incident incident =
        new IncidentStore(paths().incidents())
            .save(
                new Incident(
                    "",
                    "kv",
                    at,
                    "hypervisor-killed",
                    "Killed.\u001b[2J",
                    List.of("signal 9"),
                    List.of(new Incident.Step(at, "seen", "end of file")),
                    Map.of("detect", 0.0062),
                    0.045,
                    17,
                    "recovered"));
    new EventLog(paths().events()).append("kv", "recovered", "after 45 ms");

    assertThat(run("incident list")).isZero();
    assertThat(out.toString(StandardCharsets.UTF_8)).contains(incident.id(), "45.0 ms", "17");
    assertThat(run("incident list other -o name")).isZero();
    assertThat(out.size()).isZero();
    assertThat(run("incident show 2026")).isZero();
    assertThat(out.toString(StandardCharsets.UTF_8))
        .contains("signal 9", "6.2 ms", "end of file")
        .doesNotContain("\u001b");
    assertThat(run("incident show " + incident.id() + " -o yaml")).isZero();
    assertThat(out.toString(StandardCharsets.UTF_8))
        .contains("cause: \"hypervisor-killed\"\n", "timeline:\n  - at: \"2026");
    assertThat(run("events kv -o json")).isZero();
    assertThat(out.toString(StandardCharsets.UTF_8)).contains("\"after 45 ms\"");
  }
}
