package io.tardigrade.cluster;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.net.httpserver.HttpsConfigurator;
import com.sun.net.httpserver.HttpsServer;
import io.tardigrade.control.HostClient;
import io.tardigrade.control.Problem;
import io.tardigrade.guest.Json;
import io.tardigrade.launch.RefusedException;
import io.tardigrade.links.ClusterTls;
import io.tardigrade.links.Pem;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyPair;
import java.time.Duration;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Files that a host fetches from another over TLS. */
class HostDownloadTest {
  private static final String CLUSTER = "1f3c9a20";
  private static final Duration PATIENCE = Duration.ofSeconds(20);

  @TempDir Path folder;
  private final byte[] kernel = new byte[3 << 20];
  private HttpsServer server;
  private HostClient client;
  private Authority authority;

  @BeforeEach
  void begin() throws Exception {
    new Random(1).nextBytes(kernel);
    authority = Authority.create(CLUSTER);
    server = HttpsServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.setHttpsConfigurator(new HttpsConfigurator(tls("a", authority).context(true)));
    server.createContext("/whole", call -> answer(call.getResponseBody(), call, kernel.length));
    server.createContext(
        "/cut",
        call -> {
          call.sendResponseHeaders(200, kernel.length);
          call.getResponseBody().write(kernel, 0, kernel.length / 2);
          call.getResponseBody().flush();
          call.close();
        });
    server.createContext(
        "/none",
        call -> {
          byte[] problem =
              Json.line(Problem.of(Problem.Code.NOT_FOUND, "guest 'kv' has no initrd"))
                  .getBytes(StandardCharsets.UTF_8);
          call.sendResponseHeaders(404, problem.length);
          call.getResponseBody().write(problem);
          call.close();
        });
    server.start();
    client = new HostClient(tls("b", authority));
  }

  private void answer(OutputStream out, com.sun.net.httpserver.HttpExchange call, int bytes)
      throws IOException {
    call.sendResponseHeaders(200, bytes);
    out.write(kernel);
    call.close();
  }

  private ClusterTls tls(String host, Authority by) throws IOException {
    Path keys = Files.createDirectories(folder.resolve(host));
    KeyPair pair = Authority.newKey();
    Files.writeString(keys.resolve("authority.crt"), by.text());
    Files.writeString(
        keys.resolve("host.crt"),
        Authority.text(by.sign(pair.getPublic(), CLUSTER, "full", host, Duration.ofDays(1))));
    Files.writeString(
        keys.resolve("host.key"), Pem.encode(Pem.PRIVATE_KEY, pair.getPrivate().getEncoded()));
    return ClusterTls.read(keys);
  }

  @AfterEach
  void end() {
    client.close();
    server.stop(0);
  }

  private void download(HostClient by, String target) throws Exception {
    by.download(
        "127.0.0.1", server.getAddress().getPort(), target, folder.resolve("vmlinuz"), PATIENCE);
  }

  @Test
  void fileArrivesAsItIs() throws Exception {
    download(client, "/whole");
    assertThat(folder.resolve("vmlinuz")).hasBinaryContent(kernel);
    assertThat(folder.resolve(".vmlinuz.part")).doesNotExist();
  }

  @Test
  void fileThatBreaksOffLeavesWhatWasThere() throws Exception {
    Files.writeString(folder.resolve("vmlinuz"), "before");
    assertThatThrownBy(() -> download(client, "/cut")).isInstanceOf(IOException.class);
    assertThat(folder.resolve("vmlinuz")).hasContent("before");
    assertThat(folder.resolve(".vmlinuz.part")).doesNotExist();
  }

  @Test
  void hostThatHasNoneSaysSoInItsOwnWords() {
    assertThatThrownBy(() -> download(client, "/none"))
        .isInstanceOf(RefusedException.class)
        .hasMessage("guest 'kv' has no initrd");
    assertThat(folder.resolve("vmlinuz")).doesNotExist();
  }

  @Test
  void hostOfAnotherClusterIsNotBelieved() throws Exception {
    try (HostClient other = new HostClient(tls("c", Authority.create(CLUSTER)))) {
      assertThatThrownBy(() -> download(other, "/whole")).isInstanceOf(IOException.class);
    }
    assertThat(folder.resolve("vmlinuz")).doesNotExist();
  }
}
