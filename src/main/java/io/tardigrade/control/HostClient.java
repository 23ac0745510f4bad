package io.tardigrade.control;

import io.tardigrade.guest.Json;
import io.tardigrade.launch.RefusedException;
import io.tardigrade.links.ClusterTls;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * Asks the agents of other hosts, over TLS in which both sides show certificates of the cluster.
 * Any thread. Fails as the other agent did, or with {@link IOException} where it does not answer.
 */
public final class HostClient implements AutoCloseable {
  private static final Duration CONNECT_MAX = Duration.ofSeconds(4);
  private static final int BODY_BYTES_MAX = 4 << 20;

  private final HttpClient http;

  public HostClient(ClusterTls tls) throws IOException {
    try {
      http =
          HttpClient.newBuilder()
              .version(HttpClient.Version.HTTP_1_1)
              .connectTimeout(CONNECT_MAX)
              .sslContext(tls.context(false))
              .build();
    } catch (GeneralSecurityException e) {
      throw new IOException("TLS: " + e.getMessage(), e);
    }
  }

  /**
   * Asks, and waits for the answer.
   *
   * @param address of the host, and port of its agent
   * @param target path and query
   * @param body is sent as JSON; null for none
   * @param patience how long the answer may take
   * @return the answer's JSON; empty where there is none
   */
  public String ask(
      String method,
      String address,
      int port,
      String target,
      @Nullable Object body,
      Duration patience)
      throws IOException, InterruptedException {
    HttpRequest request =
        request(address, port, target, patience)
            .method(
                method,
                body == null
                    ? HttpRequest.BodyPublishers.noBody()
                    : HttpRequest.BodyPublishers.ofString(Json.line(body)))
            .header("Content-Type", "application/json")
            .build();
    HttpResponse<InputStream> response = http.send(request, BodyHandlers.ofInputStream());
    try (InputStream in = response.body()) {
      String text = text(in, address);
      if (response.statusCode() >= 300) {
        raise(text);
      }
      return text;
    }
  }

  private static HttpRequest.Builder request(
      String address, int port, String target, Duration patience) {
    String host = address.contains(":") ? "[" + address + "]" : address;
    return HttpRequest.newBuilder(URI.create("https://" + host + ":" + port + target))
        .timeout(patience);
  }

  private static String text(InputStream in, String address) throws IOException {
    byte[] bytes = in.readNBytes(BODY_BYTES_MAX + 1);
    if (bytes.length > BODY_BYTES_MAX) {
      throw new IOException("host " + address + " answers with more than it should");
    }
    return new String(bytes, StandardCharsets.UTF_8);
  }

  private static void raise(String text) throws IOException {
    Json.parse("the agent's answer", text, Problem.class).raise();
  }

  /** As {@link #ask} with GET. */
  public <T> T get(String address, int port, String target, Class<T> type, Duration patience)
      throws IOException, InterruptedException {
    return Json.parse(
        "the agent's answer", ask("GET", address, port, target, null, patience), type);
  }

  /**
   * Fetches a file that another host's agent serves.
   *
   * @param to is written whole or not at all
   * @param patience until the answer begins
   * @throws RefusedException where there is none
   */
  public void download(String address, int port, String target, Path to, Duration patience)
      throws IOException, InterruptedException {
    HttpRequest request = request(address, port, target, patience).GET().build();
    Path part = to.resolveSibling("." + to.getFileName() + ".part");
    HttpResponse<InputStream> response = http.send(request, BodyHandlers.ofInputStream());
    try (InputStream in = response.body()) {
      if (response.statusCode() >= 300) {
        raise(text(in, address));
      }
      long wanted = response.headers().firstValueAsLong("content-length").orElse(-1);
      Files.deleteIfExists(part);
      long got = Files.copy(in, part);
      if (got != wanted) {
        throw new IOException(
            target + " of host " + address + ": " + got + " bytes, expected " + wanted);
      }
      Files.move(part, to, java.nio.file.StandardCopyOption.ATOMIC_MOVE);
    } finally {
      Files.deleteIfExists(part);
    }
  }

  @Override
  public void close() {
    http.shutdownNow();
  }
}
