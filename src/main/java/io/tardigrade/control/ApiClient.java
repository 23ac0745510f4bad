package io.tardigrade.control;

import io.tardigrade.guest.GuestSpec;
import io.tardigrade.guest.GuestStatus;
import io.tardigrade.guest.Json;
import io.tardigrade.incident.Event;
import io.tardigrade.incident.Incident;
import io.tardigrade.preserve.Place;
import io.tardigrade.process.SilentException;
import io.tardigrade.process.UnixHttp;
import io.tardigrade.recoverymanager.Maintenance;
import java.io.IOException;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/**
 * Asks an agent over its API. What takes long is asked for as lines, of which an agent that is well
 * sends one a second, if an empty one:
 *
 * <pre>
 *   {"progress":"making the image of redis-server"}
 *   {"result":{…}}  or  {"problem":{…}}     the last line
 * </pre>
 */
public final class ApiClient implements HostApi {
  /** Media type of lines of JSON. */
  public static final String LINES = "application/x-ndjson";

  private static final String JSON = "application/json";

  /** Guardians that hang are each waited for before a list is complete. */
  private static final long ANSWER_MILLIS_MAX = 60_000;

  /** An agent that works on a request says so every second. */
  private static final long SILENCE_MILLIS_MAX = 30_000;

  /** Trying out whether KVM runs guests takes long, once per boot. */
  private static final long HOST_MILLIS_MAX = 180_000;

  private final AgentCluster.Opener opener;

  /** Asks the agent that listens at {@code socket}. */
  public ApiClient(Path socket) {
    this.opener = () -> UnixHttp.connect(socket);
  }

  /** Asks whoever is connected with; each time anew. */
  ApiClient(AgentCluster.Opener opener) {
    this.opener = opener;
  }

  /** Asks the agent at the other end of a connection once, and closes it. */
  ApiClient(UnixHttp http) {
    this.opener = () -> http;
  }

  /** The connection was lost before the answer was whole: nobody knows what became of the rest. */
  static final class LostException extends IOException {
    private static final long serialVersionUID = 1L;

    LostException(IOException cause) {
      super(cause.getMessage(), cause);
    }
  }

  /** Nobody listens: nothing was asked. */
  static final class NobodyException extends IOException {
    private static final long serialVersionUID = 1L;

    NobodyException(IOException cause) {
      super(cause.getMessage(), cause);
    }
  }

  private UnixHttp connect() throws NobodyException {
    try {
      return opener.open();
    } catch (IOException e) {
      throw new NobodyException(e);
    }
  }

  private interface Reader<T> {
    T read(UnixHttp http, UnixHttp.Answer answer) throws IOException;
  }

  private <T> T ask(
      String method,
      String target,
      @Nullable Object body,
      String accept,
      long silenceMillisMax,
      Reader<T> reader)
      throws IOException {
    try (UnixHttp http = connect()) {
      String json = body == null ? null : Json.line(body);
      UnixHttp.Answer answer = http.ask(method, target, json, accept, silenceMillisMax);
      if (answer.status() >= 300) {
        Problem problem = Json.parse("the agent's answer", http.body(), Problem.class);
        throw failed(problem);
      }
      return reader.read(http, answer);
    } catch (ToldException e) {
      throw e.told();
    } catch (NobodyException e) {
      throw e;
    } catch (IOException e) {
      throw new LostException(e);
    }
  }

  /** Keeps what the agent told apart from what befell the connection. */
  private static final class ToldException extends IOException {
    private static final long serialVersionUID = 1L;
    private final IOException told;

    ToldException(IOException told) {
      super(told);
      this.told = told;
    }

    IOException told() {
      return told;
    }
  }

  private static ToldException failed(Problem problem) {
    try {
      problem.raise();
    } catch (IOException e) {
      return new ToldException(e);
    }
    throw new IllegalStateException("a problem was none: " + problem);
  }

  private <T> T get(String target, Class<T> type) throws IOException {
    return ask(
        "GET",
        target,
        null,
        JSON,
        ANSWER_MILLIS_MAX,
        (http, _) -> Json.parse("the agent's answer", http.body(), type));
  }

  /** A list may be larger than a document may be; its elements are not. */
  private <T> List<T> getLines(String target, Class<T> type) throws IOException {
    return ask(
        "GET",
        target,
        null,
        LINES,
        ANSWER_MILLIS_MAX,
        (http, _) -> {
          List<T> all = new ArrayList<>();
          eachLine(http, line -> all.add(Json.parse("the agent's answer", line, type)));
          return all;
        });
  }

  private interface LineConsumer {
    void accept(String line) throws IOException;
  }

  private static void eachLine(UnixHttp http, LineConsumer consumer) throws IOException {
    String line = http.line();
    while (line != null) {
      if (!line.isBlank()) {
        consumer.accept(line);
      }
      line = http.line();
    }
  }

  /** Asks for a change; returns its result, which is null where there is none. */
  private JsonNode change(
      String method, String target, @Nullable Object body, Consumer<String> progress)
      throws IOException {
    return ask(
        method,
        target,
        body,
        LINES,
        SILENCE_MILLIS_MAX,
        (http, _) -> {
          List<JsonNode> results = new ArrayList<>();
          eachLine(
              http,
              line -> {
                JsonNode node = Json.parse("the agent's answer", line, JsonNode.class);
                if (node.has("problem")) {
                  throw failed(
                      Json.parse("problem", node.get("problem").toString(), Problem.class));
                } else if (node.has("progress")) {
                  progress.accept(node.path("progress").asString(""));
                } else {
                  results.add(node.path("result"));
                }
              });
          if (results.isEmpty()) {
            throw new IOException("the connection ended before the request was done");
          }
          return results.getLast();
        });
  }

  private static GuestStatus status(JsonNode result) throws IOException {
    return Json.parse("the agent's answer", result.toString(), GuestStatus.class);
  }

  @Override
  public List<GuestStatus> guests() throws IOException {
    return getLines("/v1/guests", GuestStatus.class);
  }

  @Override
  public GuestStatus guest(String name) throws IOException {
    return get(target(name, ""), GuestStatus.class);
  }

  @Override
  public GuestStatus run(RunRequest request, Consumer<String> progress) throws IOException {
    return status(change("POST", "/v1/guests", request, progress));
  }

  @Override
  public GuestStatus start(String name, Consumer<String> progress) throws IOException {
    return status(change("POST", target(name, "/start"), null, progress));
  }

  @Override
  public GuestStatus stop(String name, long timeoutMillis) throws IOException {
    Map<String, Double> body = Map.of("timeout_seconds", timeoutMillis / 1000.0);
    return status(change("POST", target(name, "/stop"), body, _ -> {}));
  }

  @Override
  public GuestStatus move(String name, Place to, Consumer<String> progress) throws IOException {
    return status(
        change("POST", target(name, "/move"), java.util.Map.of("to", to.text()), progress));
  }

  @Override
  public void replicate(String name, ReplicationRequest request, Consumer<String> progress)
      throws IOException {
    var _ = change("POST", target(name, "/" + request.verb().text()), request.body(), progress);
  }

  @Override
  public void delete(String name) throws IOException {
    var _ = change("DELETE", target(name, ""), null, _ -> {});
  }

  @Override
  public List<Event> events(@Nullable String guest) throws IOException {
    return getLines("/v1/events" + query(guest), Event.class);
  }

  @Override
  public void follow(@Nullable String guest, Consumer<Event> consumer) throws IOException {
    String target = "/v1/events" + query(guest) + (guest == null ? "?" : "&") + "watch=true";
    ask(
        "GET",
        target,
        null,
        LINES,
        SILENCE_MILLIS_MAX,
        (http, _) -> {
          eachLine(
              http,
              line -> {
                consumer.accept(Json.parse("event", line, Event.class));
                if (Thread.currentThread().isInterrupted()) {
                  throw new IOException("interrupted");
                }
              });
          throw new IOException("the agent has ended");
        });
  }

  @Override
  public List<Incident> incidents(@Nullable String guest) throws IOException {
    return getLines("/v1/incidents" + query(guest), Incident.class);
  }

  @Override
  public Incident incident(String id) throws IOException {
    if (!id.matches("[A-Za-z0-9-]+")) {
      throw HostService.noIncident(id);
    }
    return get("/v1/incidents/" + encode(id), Incident.class);
  }

  @Override
  public Maintenance maintenance() throws IOException {
    return get("/v1/maintenance", Maintenance.class);
  }

  @Override
  public Maintenance maintain(boolean on, String reason) throws IOException {
    return tell("PUT", "/v1/maintenance", Map.of("on", on, "reason", reason));
  }

  @Override
  public Maintenance acknowledge() throws IOException {
    return tell("POST", "/v1/maintenance/acknowledge", Map.of());
  }

  private Maintenance tell(String method, String target, Map<String, Object> body)
      throws IOException {
    return ask(
        method,
        target,
        body,
        JSON,
        ANSWER_MILLIS_MAX,
        (http, _) -> Json.parse("the agent's answer", http.body(), Maintenance.class));
  }

  @Override
  public ClusterApi cluster() {
    return new AgentCluster(opener);
  }

  @Override
  public HostFacts host() throws IOException {
    return ask(
        "GET",
        "/v1/host",
        null,
        JSON,
        HOST_MILLIS_MAX,
        (http, _) -> Json.parse("the agent's answer", http.body(), HostFacts.class));
  }

  private static String target(String guest, String verb) {
    return "/v1/guests/" + GuestSpec.checkName("guest", guest) + verb;
  }

  private static String query(@Nullable String guest) {
    return guest == null ? "" : "?guest=" + encode(guest);
  }

  private static String encode(String text) {
    return URLEncoder.encode(text, StandardCharsets.UTF_8).replace("+", "%20");
  }

  /** What the user is told of a connection that was lost in the middle of a change. */
  static String lost(LostException e) {
    boolean hangs = e.getCause() instanceof SilentException;
    return "the agent "
        + (hangs ? "hangs" : "was lost")
        + " in the middle of the request ("
        + e.getMessage()
        + "); what was half-made is taken away; look at 'tardigrade list', then try again";
  }
}
