package io.tardigrade.control;

import io.tardigrade.guest.GuestSpec;
import io.tardigrade.guest.Json;
import io.tardigrade.process.UnixHttp;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/** Asks an agent about its cluster. */
final class AgentCluster implements ClusterApi {
  private static final long ANSWER_MILLIS_MAX = 30_000;

  private final Opener opener;

  /** Connects with the agent. */
  interface Opener {
    UnixHttp open() throws IOException;
  }

  AgentCluster(Opener opener) {
    this.opener = opener;
  }

  private String ask(String method, String target, @Nullable Object body) throws IOException {
    try (UnixHttp http = opener.open()) {
      String json = body == null ? null : Json.line(body);
      UnixHttp.Answer answer =
          http.ask(method, target, json, "application/json", ANSWER_MILLIS_MAX);
      String text = http.body();
      if (answer.status() >= 300) {
        Json.parse("the agent's answer", text, Problem.class).raise();
      }
      return text;
    }
  }

  @Override
  public List<HostStatus> hosts() throws IOException {
    List<HostStatus> hosts = new ArrayList<>();
    JsonNode list = Json.parse("the agent's answer", ask("GET", "/v1/hosts", null), JsonNode.class);
    for (JsonNode host : list) {
      hosts.add(Json.parse("the agent's answer", host.toString(), HostStatus.class));
    }
    return hosts;
  }

  @Override
  public HostStatus host(String name) throws IOException {
    return Json.parse("the agent's answer", ask("GET", target(name), null), HostStatus.class);
  }

  @Override
  public List<HostGuests> guests() throws IOException {
    List<HostGuests> hosts = new ArrayList<>();
    String answer = ask("GET", "/v1/cluster/guests", null);
    for (JsonNode host : Json.parse("the agent's answer", answer, JsonNode.class)) {
      hosts.add(Json.parse("the agent's answer", host.toString(), HostGuests.class));
    }
    return hosts;
  }

  private static String target(String name) {
    return "/v1/hosts/" + GuestSpec.checkName("host", name);
  }

  @Override
  public String token(String role, long validSeconds) throws IOException {
    String answer = ask("POST", "/v1/tokens", Map.of("role", role, "valid_seconds", validSeconds));
    return Json.parse("the agent's answer", answer, JsonNode.class).path("token").asString("");
  }

  @Override
  public void removeHost(String name) throws IOException {
    String _ = ask("DELETE", target(name), null);
  }

  @Override
  public void leave() {
    throw new UnsupportedOperationException("a host is asked by another host only");
  }

  @Override
  public Path bootFile(String guest, String which) {
    throw new UnsupportedOperationException("a file is fetched by another host only");
  }
}
