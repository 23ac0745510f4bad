package io.tardigrade.system;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.tardigrade.control.HostClient;
import io.tardigrade.links.ClusterTls;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.Random;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.TrustManager;
import javax.net.ssl.X509TrustManager;

/** Those who have no business with a host, and try. */
final class Strangers {
  private static final int MILLIS_MAX = 12_000;

  private final String address;
  private final int port;

  Strangers(String address, int port) {
    this.address = address;
    this.port = port;
  }

  /** Bytes that mean nothing, and far too many of them, at each of {@code ports} ports. */
  void garbage(int ports) throws IOException {
    Random random = new Random(1);
    for (int i = 0; i < ports; i++) {
      for (int bytes : new int[] {1, 100, 1 << 20}) {
        try (Socket socket = new Socket()) {
          socket.connect(new InetSocketAddress(address, port + i), MILLIS_MAX);
          socket.setSoTimeout(200);
          byte[] garbage = new byte[bytes];
          random.nextBytes(garbage);
          socket.getOutputStream().write(garbage);
          int _ = socket.getInputStream().read(new byte[100]);
        } catch (IOException e) {
          // Hung up on, or not answered.
        }
      }
    }
  }

  /** TLS with whoever answers, and nothing to show. */
  void withoutCertificate(int... at) throws Exception {
    SSLContext tls = SSLContext.getInstance("TLS");
    tls.init(null, new TrustManager[] {new Gullible()}, null);
    for (int p : at) {
      isHungUpOn(tls, p);
    }
  }

  /** TLS with keys that are good elsewhere, or were. */
  void withCertificateOf(Path folder, int... at) throws Exception {
    ClusterTls keys = ClusterTls.read(folder);
    SSLContext tls = SSLContext.getInstance("TLS");
    tls.init(
        new javax.net.ssl.KeyManager[] {keys.key()}, new TrustManager[] {new Gullible()}, null);
    for (int p : at) {
      isHungUpOn(tls, p);
    }
  }

  void isLetIn(Path folder) throws Exception {
    try (HostClient client = new HostClient(ClusterTls.read(folder))) {
      assertThat(client.ask("GET", address, port, "/v1/version", null, Duration.ofSeconds(20)))
          .contains("version");
    }
  }

  private void isHungUpOn(SSLContext tls, int at) throws IOException {
    try (Socket raw = new Socket()) {
      raw.connect(new InetSocketAddress(address, at), MILLIS_MAX);
      raw.setSoTimeout(MILLIS_MAX);
      assertThatThrownBy(
              () -> {
                SSLSocket socket =
                    (SSLSocket) tls.getSocketFactory().createSocket(raw, address, at, true);
                // In TLS 1.3 one side may think it is through while the other refuses.
                socket.startHandshake();
                OutputStream out = socket.getOutputStream();
                out.write("GET /v1/guests HTTP/1.1\r\nHost: a\r\n\r\n".getBytes());
                out.flush();
                InputStream in = socket.getInputStream();
                if (in.read() < 0) {
                  throw new IOException("hung up");
                }
              })
          .as("port %d", at)
          .isInstanceOf(IOException.class);
    }
  }

  static void copyKeys(Path from, Path to) throws IOException {
    Files.createDirectories(to);
    for (String file : new String[] {"host.key", "host.crt", "authority.crt"}) {
      Files.copy(from.resolve(file), to.resolve(file));
    }
  }

  /** Believes anybody. */
  private static final class Gullible implements X509TrustManager {
    @Override
    public void checkClientTrusted(X509Certificate[] chain, String kind) {}

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String kind) {}

    @Override
    public X509Certificate[] getAcceptedIssuers() {
      return new X509Certificate[0];
    }
  }
}
