package io.tardigrade.agent;

import io.tardigrade.control.HostApi;
import io.tardigrade.control.Problem;
import io.tardigrade.control.ReplicationRequest;
import io.tardigrade.control.RunRequest;
import io.tardigrade.guest.Json;
import io.tardigrade.guest.UsageException;
import io.tardigrade.monitor.MetricText;
import io.tardigrade.preserve.Place;
import io.tardigrade.process.AgentInfo;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/**
 * The API: which method of which path does what. {@code openapi.yaml} beside this class describes
 * it; a test holds the two together. Any thread.
 */
final class Routes {
  private static final double STOP_SECONDS_DEFAULT = 10;
  private static final double STOP_SECONDS_MAX = 3600;

  /** A token is good for so long where nothing else is said. */
  private static final long TOKEN_SECONDS = 900;

  private final HostApi host;
  private final Runnable noteRequest;
  private final List<Route> routes;

  /**
   * A request, read whole.
   *
   * @param path decoded
   * @param query parameters, each once
   */
  record Call(String method, String path, Map<String, String> query, String body) {
    Call {
      query = Map.copyOf(query);
    }

    @Nullable String parameter(String name) {
      return query.get(name);
    }
  }

  /** Figures in Prometheus' text format. */
  interface Figures {
    String text() throws IOException;
  }

  /** Does what a route is for; {@code named} is the part of the path in braces, if any. */
  interface Action {
    Answer act(Call call, String named) throws IOException;
  }

  /**
   * One method of one path.
   *
   * @param template with {@code {…}} for a part that varies
   * @param parameters that the query may have
   */
  record Route(String method, String template, Set<String> parameters, Action action) {
    Route {
      parameters = Set.copyOf(parameters);
    }

    /** The varying part of {@code path}, empty where there is none; null where it differs. */
    @Nullable String match(String path) {
      String[] wanted = template.split("/", -1);
      String[] given = path.split("/", -1);
      if (wanted.length != given.length) {
        return null;
      }
      String named = "";
      for (int i = 0; i < wanted.length; i++) {
        if (wanted[i].startsWith("{") && !given[i].isEmpty()) {
          named = given[i];
        } else if (!wanted[i].equals(given[i])) {
          return null;
        }
      }
      return named;
    }
  }

  /**
   * The routes to {@code host}.
   *
   * @param figures what is scraped
   * @param noteRequest is called for each request
   */
  Routes(HostApi host, AgentInfo info, Figures figures, Runnable noteRequest) {
    this.host = host;
    this.noteRequest = noteRequest;
    Set<String> none = Set.of();
    this.routes =
        List.of(
            new Route("GET", "/v1/version", none, (_, _) -> new Answer.Document(200, info)),
            new Route("GET", "/v1/host", none, (_, _) -> new Answer.Document(200, host.host())),
            new Route("GET", "/v1/guests", none, (_, _) -> new Answer.Elements(host.guests())),
            new Route("POST", "/v1/guests", none, (call, _) -> run(call)),
            new Route(
                "GET",
                "/v1/guests/{name}",
                none,
                (_, name) -> new Answer.Document(200, host.guest(name))),
            new Route("DELETE", "/v1/guests/{name}", none, (_, name) -> delete(name)),
            new Route("POST", "/v1/guests/{name}/start", none, (_, name) -> start(name)),
            new Route("POST", "/v1/guests/{name}/stop", none, this::stop),
            new Route("POST", "/v1/guests/{name}/move", none, this::move),
            replication(ReplicationRequest.Verb.PROTECT),
            replication(ReplicationRequest.Verb.UNPROTECT),
            replication(ReplicationRequest.Verb.SWITCHOVER),
            replication(ReplicationRequest.Verb.FAILOVER),
            new Route(
                "GET", "/v1/hosts", none, (_, _) -> new Answer.Elements(host.cluster().hosts())),
            new Route("GET", "/v1/cluster/guests", none, (_, _) -> guestsOfHosts()),
            new Route(
                "GET",
                "/v1/hosts/{name}",
                none,
                (_, name) -> new Answer.Document(200, host.cluster().host(name))),
            new Route("DELETE", "/v1/hosts/{name}", none, (_, name) -> removeHost(name)),
            new Route("POST", "/v1/tokens", none, (call, _) -> token(call)),
            new Route("POST", "/cluster/leave", none, (_, _) -> leave()),
            new Route(
                "GET",
                "/cluster/guests/{name}/boot/kernel",
                none,
                (_, name) -> new Answer.Contents(host.cluster().bootFile(name, "kernel"))),
            new Route(
                "GET",
                "/cluster/guests/{name}/boot/initrd",
                none,
                (_, name) -> new Answer.Contents(host.cluster().bootFile(name, "initrd"))),
            new Route("GET", "/v1/events", Set.of("guest", "watch"), (call, _) -> events(call)),
            new Route(
                "GET",
                "/v1/incidents",
                Set.of("guest"),
                (call, _) -> new Answer.Elements(host.incidents(call.parameter("guest")))),
            new Route(
                "GET",
                "/v1/incidents/{id}",
                none,
                (_, id) -> new Answer.Document(200, host.incident(id))),
            new Route(
                "GET",
                "/v1/maintenance",
                none,
                (_, _) -> new Answer.Document(200, host.maintenance())),
            new Route("PUT", "/v1/maintenance", none, (call, _) -> maintain(call)),
            new Route(
                "POST",
                "/v1/maintenance/acknowledge",
                none,
                (_, _) -> new Answer.Document(200, host.acknowledge())),
            new Route(
                "GET",
                "/metrics",
                none,
                (_, _) -> new Answer.Text(MetricText.CONTENT_TYPE, figures.text())),
            new Route(
                "GET",
                "/v1/openapi.yaml",
                none,
                (_, _) -> new Answer.Text("application/yaml", description())));
  }

  /** All of them, for the test that compares them with their description. */
  List<Route> all() {
    return routes;
  }

  /** Answers a request; whatever goes wrong is an answer too. */
  Answer answer(Call call) {
    noteRequest.run();
    try {
      List<String> methods = new ArrayList<>();
      for (Route route : routes) {
        String named = route.match(call.path());
        if (named == null) {
          continue;
        }
        if (route.method().equals(call.method())) {
          checkParameters(route, call);
          return route.action().act(call, named);
        }
        methods.add(route.method());
      }
      return new Answer.Failure(
          methods.isEmpty()
              ? Problem.of(
                  Problem.Code.NO_SUCH_ROUTE,
                  "there is nothing under this path; GET /v1/openapi.yaml describes what there is")
              : Problem.of(
                  Problem.Code.WRONG_METHOD,
                  "this path takes " + String.join(" and ", methods) + " only"));
    } catch (IOException | RuntimeException e) {
      return new Answer.Failure(Problem.of(e));
    }
  }

  private static void checkParameters(Route route, Call call) {
    for (String given : new TreeMap<>(call.query()).keySet()) {
      if (!route.parameters().contains(given)) {
        throw new UsageException(
            "parameter '"
                + given
                + "' is not known here"
                + (route.parameters().isEmpty()
                    ? ""
                    : "; known are " + String.join(", ", route.parameters())));
      }
    }
  }

  private Answer run(Call call) throws IOException {
    RunRequest request = read(call.body(), RunRequest.class);
    return new Answer.Change(
        201,
        progress -> {
          try {
            return host.run(request, progress);
          } finally {
            noteRequest.run();
          }
        });
  }

  private Answer start(String name) {
    return new Answer.Change(200, progress -> host.start(name, progress));
  }

  private Answer guestsOfHosts() throws IOException {
    try {
      return new Answer.Elements(host.cluster().guests());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted", e);
    }
  }

  private Answer removeHost(String name) {
    return new Answer.Change(
        204,
        _ -> {
          host.cluster().removeHost(name);
          return null;
        });
  }

  private Answer leave() throws IOException {
    host.cluster().leave();
    return new Answer.Document(200, Map.of("leaving", true));
  }

  /** What a token is to be for. */
  record TokenRequest(@Nullable String role, @Nullable Long validSeconds) {}

  private Answer token(Call call) throws IOException {
    TokenRequest request = read(call.body(), TokenRequest.class);
    String role = request.role() == null ? "full" : request.role();
    long valid = request.validSeconds() == null ? TOKEN_SECONDS : request.validSeconds();
    return new Answer.Document(201, Map.of("token", host.cluster().token(role, valid)));
  }

  private Answer delete(String name) {
    return new Answer.Change(
        204,
        _ -> {
          host.delete(name);
          return null;
        });
  }

  /** How a guest is to be stopped. */
  record StopRequest(@Nullable Double timeoutSeconds) {}

  private Answer stop(Call call, String name) throws IOException {
    StopRequest request =
        call.body().isBlank() ? new StopRequest(null) : read(call.body(), StopRequest.class);
    double seconds =
        request.timeoutSeconds() == null ? STOP_SECONDS_DEFAULT : request.timeoutSeconds();
    if (!(seconds >= 0 && seconds <= STOP_SECONDS_MAX)) {
      throw new UsageException(
          "timeout of " + seconds + " s is not possible; give 0 to " + STOP_SECONDS_MAX);
    }
    return new Answer.Change(200, _ -> host.stop(name, Math.round(seconds * 1000)));
  }

  /** Where a guest's image is to lie. */
  record MoveRequest(@Nullable String to) {}

  private Answer move(Call call, String name) throws IOException {
    String to = read(call.body(), MoveRequest.class).to();
    Place place = Place.parse(to == null ? "" : to);
    return new Answer.Change(200, progress -> host.move(name, place, progress));
  }

  private Route replication(ReplicationRequest.Verb verb) {
    return new Route(
        "POST",
        "/v1/guests/{name}/" + verb.text(),
        Set.of(),
        (call, name) -> replicate(verb, call, name));
  }

  /** How many backups a guest is to have. */
  record ProtectRequest(@Nullable Integer backups) {}

  /** Which host a guest is to run on. */
  record HandOverRequest(@Nullable String to) {}

  /** The same, and whether it is to boot there, its memory given up. */
  record FailoverRequest(@Nullable String to, @Nullable Boolean fromDisk) {
    ReplicationRequest request() {
      return Boolean.TRUE.equals(fromDisk)
          ? ReplicationRequest.bootFromDisk(to)
          : ReplicationRequest.move(ReplicationRequest.Verb.FAILOVER, to);
    }
  }

  private Answer replicate(ReplicationRequest.Verb verb, Call call, String name)
      throws IOException {
    ReplicationRequest request =
        switch (verb) {
          case PROTECT -> {
            Integer backups = read(call.body(), ProtectRequest.class).backups();
            if (backups == null) {
              throw new UsageException(
                  "the request does not say how many 'backups' there are to be");
            }
            yield ReplicationRequest.protect(backups);
          }
          case UNPROTECT -> ReplicationRequest.unprotect();
          case SWITCHOVER ->
              ReplicationRequest.move(
                  verb,
                  call.body().isBlank() ? null : read(call.body(), HandOverRequest.class).to());
          case FAILOVER ->
              call.body().isBlank()
                  ? ReplicationRequest.move(verb, null)
                  : read(call.body(), FailoverRequest.class).request();
        };
    return new Answer.Change(
        204,
        progress -> {
          host.replicate(name, request, progress);
          return null;
        });
  }

  /** Whether the ladder is only to advise. */
  record MaintenanceRequest(@Nullable Boolean on, @Nullable String reason) {}

  private Answer maintain(Call call) throws IOException {
    MaintenanceRequest request = read(call.body(), MaintenanceRequest.class);
    @Nullable Boolean on = request.on();
    if (on == null) {
      throw new UsageException("the request does not say whether maintenance is to be 'on'");
    }
    String reason = request.reason();
    return new Answer.Document(200, host.maintain(on, reason == null ? "" : reason));
  }

  private Answer events(Call call) throws IOException {
    @Nullable String guest = call.parameter("guest");
    String watch = call.query().getOrDefault("watch", "false");
    return switch (watch) {
      case "true" -> new Answer.Watch(consumer -> host.follow(guest, consumer::accept));
      case "false" -> new Answer.Elements(host.events(guest));
      default -> throw new UsageException("watch '" + watch + "' is neither true nor false");
    };
  }

  private static <T> T read(String body, Class<T> type) {
    try {
      // Refused before its fields are looked at: a list of them would say nothing of the mistake.
      JsonNode tree = Json.parse("the request", body, JsonNode.class);
      if (!tree.isObject()) {
        throw new UsageException("the request is no JSON object");
      }
      return Json.parseStrictly("the request", body, type);
    } catch (IOException e) {
      throw (UsageException) new UsageException(String.valueOf(e.getMessage())).initCause(e);
    }
  }

  private static String description() throws IOException {
    try (InputStream in = Routes.class.getResourceAsStream("openapi.yaml")) {
      if (in == null) {
        throw new IOException("openapi.yaml is missing from this program");
      }
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    }
  }
}
