package io.tardigrade.agent;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.tardigrade.control.FakeControl;
import io.tardigrade.control.HostService;
import io.tardigrade.control.Problem;
import io.tardigrade.guest.GuestFiles;
import io.tardigrade.guest.GuestSpec;
import io.tardigrade.guest.HostPaths;
import io.tardigrade.guest.Json;
import io.tardigrade.guest.UsageException;
import io.tardigrade.incident.EventLog;
import io.tardigrade.incident.Incident;
import io.tardigrade.incident.IncidentStore;
import io.tardigrade.launch.Addressing;
import io.tardigrade.launch.FakeHost;
import io.tardigrade.launch.ImageMaker;
import io.tardigrade.launch.LaunchRequest;
import io.tardigrade.launch.RefusedException;
import io.tardigrade.monitor.MetricText;
import io.tardigrade.process.UnixHttp;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CountDownLatch;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

/** Every answer is held against the description of the API as it arrives. */
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class ApiTest {
  private static final String LINES = "application/x-ndjson";
  private static final String RUN =
      "{\"name\":\"%s\",\"accelerator\":\"tcg\",\"program\":{\"command\":[\"/bin/true\"]}}";

  private static final Set<String> KEYWORDS =
      Set.of(
          "$ref",
          "additionalProperties",
          "anyOf",
          "const",
          "default",
          "description",
          "enum",
          "format",
          "items",
          "maxItems",
          "maximum",
          "minItems",
          "minimum",
          "oneOf",
          "pattern",
          "properties",
          "required",
          "type");

  @TempDir Path dir;
  private final FakeHost made = new FakeHost();
  private final FakeControl control = new FakeControl();
  private final FakeCluster cluster = new FakeCluster();
  private final CountDownLatch making = new CountDownLatch(1);
  private final CountDownLatch goOn = new CountDownLatch(1);
  private boolean slow;
  private HostPaths paths;
  private TestAgent agent;
  private OpenApi description;

  /** An answer as it arrived. */
  private record Got(int status, String contentType, String body) {
    String code() throws IOException {
      return Json.parse("problem", body, Problem.class).code();
    }

    JsonNode json() throws IOException {
      return Json.parse("answer", body, JsonNode.class);
    }
  }

  @BeforeEach
  void open() throws IOException {
    paths =
        HostPaths.of(
            Map.of(
                "TARDIGRADE_STATE", dir.resolve("s").toString(),
                "TARDIGRADE_RUN", dir.resolve("r").toString(),
                "TARDIGRADE_IMAGES", dir.resolve("i").toString()));
    description = OpenApi.read();
    ImageMaker images =
        new ImageMaker() {
          @Override
          public Boot make(LaunchRequest request, Addressing.Place place, Path folder)
              throws IOException {
            if (slow) {
              making.countDown();
              awaitGoOn();
            }
            return made.make(request, place, folder);
          }

          @Override
          public void makeVolume(Path file, String name, long bytes) throws IOException {
            made.makeVolume(file, name, bytes);
          }
        };
    HostService service =
        new HostService(
            paths, made, images, control.in(paths), InstantSource.system(), TestAgent::fit);
    service.attach(cluster);
    agent = TestAgent.serve(paths, service);
  }

  private void awaitGoOn() {
    try {
      goOn.await();
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  @AfterEach
  void close() throws IOException {
    agent.close();
  }

  private Got ask(String method, String target, @Nullable String body) throws IOException {
    return ask(method, target, body, "application/json");
  }

  /** Asks, and checks the answer against the description. */
  private Got ask(String method, String target, @Nullable String body, String accept)
      throws IOException {
    try (UnixHttp http = agent.connect()) {
      UnixHttp.Answer answer = http.ask(method, target, body, accept, 20_000);
      Got got = new Got(answer.status(), answer.contentType(), http.body());
      check(method, target, got);
      return got;
    }
  }

  private void check(String method, String target, Got got) {
    String path = target.replaceFirst("\\?.*", "");
    String what = method + " " + target + " " + got.status();
    for (Routes.Route route : agent.routes().all()) {
      if (route.method().equals(method) && route.match(path) != null) {
        if (got.status() == 204) {
          assertThat(got.body()).isEmpty();
          return;
        }
        JsonNode schema =
            description.answer(method, route.template(), got.status(), got.contentType());
        assertThat(schema).as("%s of %s", what, got.contentType()).isNotNull();
        if (got.contentType().equals(LINES)) {
          got.body()
              .lines()
              .filter(l -> !l.isBlank())
              .forEach(l -> description.check(what, schema, l));
        } else if (!got.contentType().equals("application/yaml")
            && !got.contentType().startsWith("text/plain")) {
          description.check(what, schema, got.body());
        }
        return;
      }
    }
    assertThat(got.contentType()).as(what).isEqualTo("application/problem+json");
    description.check(what, description.schema("Problem"), got.body());
  }

  private void runGuest(String name) throws IOException {
    assertThat(ask("POST", "/v1/guests", RUN.formatted(name)).status()).isEqualTo(201);
  }

  @Test
  void everyRouteIsDescribedAndEveryDescriptionIsOfARoute() {
    Set<String> served = new TreeSet<>();
    agent.routes().all().forEach(r -> served.add(r.method() + " " + r.template()));
    assertThat(description.operations()).isEqualTo(served);
  }

  @Test
  void everyCodeOfAProblemIsDescribed() {
    List<String> described = new ArrayList<>();
    description
        .document()
        .at("/components/schemas/Problem/properties/code/oneOf")
        .forEach(node -> described.add(node.get("const").asString()));
    List<String> real = new ArrayList<>();
    for (Problem.Code code : Problem.Code.values()) {
      real.add(code.text());
    }
    assertThat(described).containsExactlyInAnyOrderElementsOf(real);
  }

  /** A comma in a text that is not quoted makes a keyword of its rest, and that checks nothing. */
  @Test
  void everyKeywordOfTheDescriptionIsOne() {
    description
        .document()
        .findValues("description")
        .forEach(text -> assertThat(text.isString() || text.isObject()).isTrue());
    description
        .document()
        .at("/components/schemas")
        .forEach(schema -> assertThat(keywords(schema)).isSubsetOf(KEYWORDS));
  }

  private static Set<String> keywords(JsonNode schema) {
    Set<String> found = new TreeSet<>();
    schema
        .properties()
        .forEach(entry -> {
          found.add(entry.getKey());
          JsonNode value = entry.getValue();
          if (entry.getKey().equals("properties")) {
            value.forEach(property -> found.addAll(keywords(property)));
          } else if (value.isObject()) {
            found.addAll(keywords(value));
          } else if (value.isArray()) {
            value.forEach(item -> found.addAll(keywords(item)));
          }
        });
    return found;
  }

  @Test
  void descriptionRefusesWhatIsNotSo() throws IOException {
    runGuest("kv");
    String guest = ask("GET", "/v1/guests/kv", null).body();
    JsonNode schema = description.schema("GuestStatus");
    assertThat(description.errors(schema, guest)).isEmpty();
    assertThat(description.errors(schema, guest.replace("\"vcpus\":1,", ""))).isNotEmpty();
    assertThat(description.errors(schema, guest.replaceFirst("\\{", "{\"more\":1,"))).isNotEmpty();
    assertThat(description.errors(schema, guest.replace("RUNNING", "DANCING"))).isNotEmpty();
  }

  @Test
  void onlyRootMayAsk() throws IOException {
    assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(agent.socket())))
        .isEqualTo("rw-------");
  }

  @Test
  void guestIsMadeShownStoppedStartedAndDeleted() throws IOException {
    assertThat(ask("GET", "/v1/guests", null).body()).isEqualTo("[]");
    Got run =
        ask(
            "POST",
            "/v1/guests",
            "{\"name\":\"kv\",\"memory_bytes\":268435456,\"vcpus\":2,"
                + "\"checkpoint_interval_seconds\":0.05,\"hang_timeout_seconds\":3,"
                + "\"volumes\":[\"data:/data:1G\"],\"publish\":[\"8080:80\"],"
                + "\"accelerator\":\"tcg\",\"engine\":\"compare\",\"program\":{"
                + "\"command\":[\"true\",\"x\"],\"search_path\":\"/bin:/usr/bin\","
                + "\"environment\":{\"A\":\"b\"}}}");
    assertThat(run.status()).isEqualTo(201);
    assertThat(run.json().at("/name").asString()).isEqualTo("kv");
    GuestSpec spec = GuestFiles.of(paths, "kv").spec();
    assertThat(spec.checkpointIntervalMillis()).isEqualTo(50);
    assertThat(spec.hangTimeoutMillis()).isEqualTo(3000);
    assertThat(spec.memoryBytes()).isEqualTo(256L << 20);
    assertThat(spec.program()).isEqualTo("true x");

    assertThat(ask("GET", "/v1/guests/kv", null).json().at("/state").asString())
        .isEqualTo("RUNNING");
    assertThat(ask("GET", "/v1/guests", null).json()).hasSize(1);
    assertThat(ask("GET", "/v1/guests", null, LINES).body().lines()).hasSize(1);
    Got stopped = ask("POST", "/v1/guests/kv/stop", "{\"timeout_seconds\":0.5}");
    assertThat(stopped.json().at("/state").asString()).isEqualTo("STOPPED");
    assertThat(ask("POST", "/v1/guests/kv/stop", null).status()).isEqualTo(200);
    assertThat(ask("POST", "/v1/guests/kv/start", null).json().at("/state").asString())
        .isEqualTo("RUNNING");
    Path halfMoved = Files.createDirectories(paths.images().resolve(".moving-kv"));
    assertThat(ask("DELETE", "/v1/guests/kv", null).status()).isEqualTo(204);
    assertThat(halfMoved).as("what a move left behind goes with its guest").doesNotExist();
    assertThat(ask("GET", "/v1/guests/kv", null).code()).isEqualTo("not-found");
    assertThat(ask("GET", "/v1/events?guest=kv", null).json()).hasSize(1);
  }

  @Test
  void maintenanceIsTurnedOnAndOffAndShown() throws IOException {
    assertThat(ask("GET", "/v1/maintenance", null).json().at("/on").asBoolean()).isFalse();
    Got on = ask("PUT", "/v1/maintenance", "{\"on\":true,\"reason\":\"new disks\"}");
    assertThat(on.json().at("/on").asBoolean()).isTrue();
    assertThat(on.json().at("/reason").asString()).isEqualTo("new disks");
    Got again = ask("PUT", "/v1/maintenance", "{\"on\":true}");
    assertThat(again.body()).as("nothing had to change").isEqualTo(on.body());
    assertThat(agent.client().maintenance().reason()).isEqualTo("new disks");
    assertThat(agent.client().maintain(false, "").on()).isFalse();
    assertThat(agent.client().acknowledge().failedResets()).isZero();
    assertThat(ask("POST", "/v1/maintenance/acknowledge", null).status()).isEqualTo(200);
    assertThat(ask("GET", "/v1/events", null).json()).hasSize(2);
  }

  @Test
  void hostsAreListedShownLetInAndTakenOut() throws Exception {
    assertThat(ask("GET", "/v1/hosts", null).json()).hasSize(2);
    assertThat(ask("GET", "/v1/hosts", null, LINES).body().lines()).hasSize(2);
    assertThat(ask("GET", "/v1/cluster/guests", null).json()).hasSize(2);
    assertThat(agent.client().cluster().guests()).isEqualTo(cluster.guests());
    assertThat(ask("GET", "/v1/hosts/b", null).json().at("/state").asString()).isEqualTo("AWAY");
    assertThat(ask("GET", "/v1/hosts/c", null).code()).isEqualTo("not-found");
    Got token = ask("POST", "/v1/tokens", "{\"role\":\"witness\",\"valid_seconds\":60}");
    assertThat(token.status()).isEqualTo(201);
    assertThat(token.json().at("/token").asString()).isEqualTo("tdg-witness-60");
    assertThat(ask("POST", "/v1/tokens", "{}").json().at("/token").asString())
        .isEqualTo("tdg-full-900");
    assertThat(ask("DELETE", "/v1/hosts/b", null).status()).isEqualTo(204);
    assertThat(ask("GET", "/v1/hosts", null).json()).hasSize(1);
    assertThat(agent.client().cluster().hosts()).isEqualTo(cluster.hosts());
    assertThat(agent.client().cluster().token("full", 5)).isEqualTo("tdg-full-5");
    assertThatThrownBy(() -> agent.client().cluster().removeHost("b"))
        .isInstanceOf(RefusedException.class);
    assertThat(ask("POST", "/cluster/leave", null).status()).isEqualTo(200);
    assertThat(cluster.left).isTrue();
  }

  @Test
  void fileThatAGuestBootsWithIsServedAsItIs() throws IOException {
    byte[] kernel = new byte[300_000];
    new java.util.Random(1).nextBytes(kernel);
    cluster.kernel = Files.write(dir.resolve("kernel"), kernel);
    try (UnixHttp http = agent.connect()) {
      UnixHttp.Answer answer =
          http.ask("GET", "/cluster/guests/kv/boot/kernel", null, "*/*", 20_000);
      assertThat(answer.status()).isEqualTo(200);
      assertThat(answer.contentType()).isEqualTo("application/octet-stream");
    }
    assertThat(ask("GET", "/cluster/guests/kv/boot/initrd", null).code()).isEqualTo("not-found");
  }

  @Test
  void hostOfNoClusterSaysSo() throws IOException {
    cluster.none = true;
    for (String target : List.of("/v1/hosts", "/v1/hosts/a", "/cluster/guests/kv/boot/kernel")) {
      assertThat(ask("GET", target, null).status()).as(target).isEqualTo(409);
    }
    assertThat(ask("POST", "/v1/tokens", "{}").code()).isEqualTo("conflict");
    assertThat(ask("DELETE", "/v1/hosts/a", null).code()).isEqualTo("conflict");
  }

  @Test
  void figuresAreServedAsText() throws IOException {
    Got got = ask("GET", "/metrics", null);
    assertThat(got.status()).isEqualTo(200);
    assertThat(MetricText.CONTENT_TYPE).startsWith(got.contentType() + "; version=0.0.4");
    assertThat(got.body()).isEqualTo(TestAgent.METRICS);
  }

  @Test
  void progressComesAsLinesAndTheResultLast() throws IOException {
    Got run = ask("POST", "/v1/guests", RUN.formatted("kv"), LINES);
    List<String> lines = run.body().lines().filter(l -> !l.isBlank()).toList();
    assertThat(run.status()).isEqualTo(200);
    assertThat(lines.getFirst()).contains("progress", "making the image");
    assertThat(lines.getLast()).startsWith("{\"result\":{");
    Got refused = ask("POST", "/v1/guests", RUN.formatted("kv"), LINES);
    assertThat(refused.status()).as("said at once, so with its status").isEqualTo(409);
    assertThat(ask("DELETE", "/v1/guests/kv", null, LINES).body().strip())
        .endsWith("{\"result\":null}");
  }

  @Test
  void refusalsHaveStatusAndCode() throws IOException {
    runGuest("kv");
    record Case(int status, String code, String method, String target, @Nullable String body) {}
    for (Case c :
        List.of(
            new Case(404, "not-found", "GET", "/v1/guests/none", null),
            new Case(404, "not-found", "POST", "/v1/guests/none/start", null),
            new Case(404, "not-found", "POST", "/v1/guests/none/stop", null),
            new Case(404, "not-found", "DELETE", "/v1/guests/none", null),
            new Case(404, "not-found", "GET", "/v1/incidents/2026", null),
            new Case(400, "usage", "GET", "/v1/guests/No%20Name", null),
            new Case(400, "usage", "GET", "/v1/guests?wath=1", null),
            new Case(400, "usage", "GET", "/v1/events?watch=maybe", null),
            new Case(400, "usage", "POST", "/v1/guests", "{}"),
            new Case(400, "usage", "POST", "/v1/guests", null),
            new Case(400, "usage", "POST", "/v1/guests", "[1]"),
            new Case(400, "usage", "POST", "/v1/guests", "{\"name\":\"a\",\"nmae\":1}"),
            new Case(400, "usage", "POST", "/v1/guests", "{\"name\":\"a\",\"vcpus\":\"many\"}"),
            new Case(
                400, "usage", "POST", "/v1/guests", "{\"name\":\"b\",\"disk\":{\"file\":\"x\"}}"),
            new Case(400, "usage", "POST", "/v1/guests/kv/stop", "{\"timeout_seconds\":-1}"),
            new Case(404, "not-found", "POST", "/v1/guests/none/move", "{\"to\":\"ordinary\"}"),
            new Case(400, "usage", "POST", "/v1/guests/kv/move", "{\"to\":\"elsewhere\"}"),
            new Case(400, "usage", "POST", "/v1/guests/kv/move", "{}"),
            new Case(400, "usage", "POST", "/v1/guests/kv/protect", "{}"),
            new Case(400, "usage", "POST", "/v1/guests/kv/protect", "{\"backups\":\"two\"}"),
            new Case(409, "conflict", "POST", "/v1/guests/kv/protect", "{\"backups\":2}"),
            new Case(409, "conflict", "POST", "/v1/guests/kv/unprotect", null),
            new Case(409, "conflict", "POST", "/v1/guests/kv/switchover", "{\"to\":\"h2\"}"),
            new Case(409, "conflict", "POST", "/v1/guests/kv/failover", null),
            new Case(409, "conflict", "POST", "/v1/guests", RUN.formatted("kv")),
            new Case(
                404,
                "not-found",
                "POST",
                "/v1/guests",
                "{\"name\":\"b\",\"disk\":{\"file\":\"/no/such\"}}"),
            new Case(404, "no-such-route", "GET", "/v2/guests", null),
            new Case(404, "no-such-route", "GET", "/metric", null),
            new Case(400, "usage", "PUT", "/v1/maintenance", "{}"),
            new Case(400, "usage", "PUT", "/v1/maintenance", "{\"on\":\"yes\"}"),
            new Case(400, "usage", "PUT", "/v1/maintenance", "{\"on\":true,\"reason\":\"a\\nb\"}"),
            new Case(405, "wrong-method", "POST", "/v1/maintenance", "{}"),
            new Case(405, "wrong-method", "DELETE", "/v1/guests", null),
            new Case(405, "wrong-method", "POST", "/v1/version", "{}"))) {
      Got got = ask(c.method(), c.target(), c.body());
      assertThat(got.status()).as("%s: %s", c, got.body()).isEqualTo(c.status());
      assertThat(got.code()).as("%s", c).isEqualTo(c.code());
      assertThat(got.json().at("/detail").asString().lines()).hasSize(1);
    }
    assertThat(GuestFiles.names(paths)).containsExactly("kv");
  }

  @Test
  void whatFailsOnTheHostIsToldAndLeavesNothing() throws IOException {
    made.failAt = "image";
    Got got = ask("POST", "/v1/guests", RUN.formatted("kv"));
    assertThat(got.status()).isEqualTo(500);
    assertThat(got.code()).isEqualTo("failed");
    assertThat(GuestFiles.names(paths)).isEmpty();
    assertThat(made.places).isEmpty();
    assertThatThrownBy(() -> agent.client().delete("kv"))
        .isInstanceOf(RefusedException.class)
        .hasMessageContaining("'kv' does not exist");
    assertThatThrownBy(() -> agent.client().guest("../kv")).isInstanceOf(UsageException.class);
  }

  @Test
  void eventsAndIncidentsAreTold() throws IOException {
    Instant at = Instant.parse("2026-11-22T18:15:03Z");
    Incident incident =
        new IncidentStore(paths.incidents())
            .save(
                new Incident(
                    "",
                    "kv",
                    at,
                    "hypervisor-died",
                    "Killed.",
                    List.of("signal 9"),
                    List.of(new Incident.Step(at, "seen", "end of file")),
                    Map.of("detect", 0.0062),
                    0.045,
                    17,
                    "recovered"));
    new EventLog(paths.events()).append("kv", "recovered", "after 45 ms");
    new EventLog(paths.events()).append("other", "started", "booted");
    assertThat(ask("GET", "/v1/incidents", null).json()).hasSize(1);
    assertThat(ask("GET", "/v1/incidents?guest=x", null, LINES).body()).isEmpty();
    assertThat(
            ask("GET", "/v1/incidents/" + incident.id(), null).json().at("/resumed_epoch").asInt())
        .isEqualTo(17);
    assertThat(agent.client().incidents("kv")).containsExactly(incident);
    assertThat(ask("GET", "/v1/events", null).json()).hasSize(2);
    assertThat(agent.client().events("kv")).hasSize(1);
  }

  @Test
  void eventsAreWatchedAsTheyHappen() throws IOException {
    EventLog log = new EventLog(paths.events());
    log.append("kv", "started", "booted");
    try (UnixHttp http = agent.connect()) {
      UnixHttp.Answer answer = http.ask("GET", "/v1/events?watch=true", null, LINES, 5000);
      assertThat(answer.contentType()).isEqualTo(LINES);
      assertThat(nextLine(http)).contains("booted");
      log.append("kv", "recovered", "after 45 ms");
      assertThat(nextLine(http)).contains("45 ms");
      assertThat(agent.isBusy()).as("who only watches keeps no agent").isFalse();
      try (UnixHttp _ = agent.connect()) {
        await("who may ask for more keeps it").until(agent::isBusy);
      }
      await("and no longer once gone").until(() -> !agent.isBusy());
    }
  }

  private static String nextLine(UnixHttp http) throws IOException {
    String line = http.line();
    while (line != null && line.isBlank()) {
      line = http.line();
    }
    return String.valueOf(line);
  }

  @Test
  void guestWhoseAskerLeavesWhileItIsMadeIsTakenAwayAgain() throws Exception {
    slow = true;
    try (UnixHttp http = agent.connect()) {
      http.ask("POST", "/v1/guests", RUN.formatted("kv"), LINES, 5000);
      making.await();
      assertThat(agent.isBusy()).isTrue();
    }
    // The next lines, empty ones, find nobody.
    Thread.sleep(2500);
    goOn.countDown();
    await().until(() -> !agent.isBusy());
    assertThat(GuestFiles.names(paths)).isEmpty();
    assertThat(made.places).isEmpty();
    assertThat(control.running).isEmpty();
  }

  @Test
  void oneWhoWaitsForAnAnswerIsToldEachSecondThatAllIsWell() throws Exception {
    slow = true;
    try (UnixHttp http = agent.connect()) {
      http.ask("POST", "/v1/guests", RUN.formatted("kv"), LINES, 20_000);
      assertThat(http.line()).contains("making the image");
      assertThat(http.line()).isEmpty();
      assertThat(http.line()).isEmpty();
      goOn.countDown();
      assertThat(nextLine(http)).contains("starting kv");
      assertThat(nextLine(http)).contains("result");
    }
  }

  @Test
  void hostAndVersionAndDescriptionAreTold() throws IOException {
    assertThat(ask("GET", "/v1/version", null).json().at("/build").asString()).isEqualTo("1-1");
    assertThat(ask("GET", "/v1/host", null).json().at("/checks")).isNotEmpty();
    Got document = ask("GET", "/v1/openapi.yaml", null);
    assertThat(document.body()).startsWith("openapi: 3.1.0");
  }

  @Test
  void tooMuchIsRefused() throws IOException {
    Got body = ask("POST", "/v1/guests", " ".repeat((1 << 20) + 1));
    assertThat(body.status()).isEqualTo(413);
    assertThat(body.code()).isEqualTo("too-large");
    Got head = ask("GET", "/v1/guests?guest=" + "x".repeat(9000), null);
    assertThat(head.status()).isIn(414, 431);
    assertThat(head.code()).isEqualTo("too-large");
  }
}
