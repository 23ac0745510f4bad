package io.tardigrade.cluster;

import io.tardigrade.guest.GuestSpec;
import io.tardigrade.guest.HostPaths;
import io.tardigrade.guest.UsageException;
import io.tardigrade.launch.RefusedException;
import io.tardigrade.links.ClusterTls;
import io.tardigrade.process.Program;
import java.io.DataInputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Files;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.SecureRandom;
import java.util.List;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLHandshakeException;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.TrustManager;
import org.jspecify.annotations.Nullable;

/** Makes this machine one of a cluster: its first, or one that joins. Changes files only. */
public final class Joining {
  private static final int ANSWER_MILLIS_MAX = 20_000;
  private static final int CONNECT_MILLIS_MAX = 4_000;
  private static final int PORTS = 5;

  /** Hosts look every second whether a token is good, and open their doors then. */
  private static final long DOOR_NANOS_MAX = TimeUnit.SECONDS.toNanos(6);

  private final HostPaths paths;

  public Joining(HostPaths paths) {
    this.paths = paths;
  }

  /**
   * What a user says of this machine.
   *
   * @param zone may be empty
   * @param uplink interface, or null
   */
  public record Own(String name, String zone, String address, int port, @Nullable String uplink) {}

  /** Makes this host a cluster of one. */
  public ClusterConfig found(Own own, String network) throws IOException {
    HostFolder.refuseSecond(paths);
    String cluster = String.format("%08x", new SecureRandom().nextInt());
    ClusterConfig config = config(own, cluster, 1, ClusterConfig.FULL, network);
    checkOwnAddress(own);
    Authority authority = Authority.create(cluster);
    KeyPair pair = Authority.newKey();
    String certificate =
        Authority.text(
            authority.sign(
                pair.getPublic(), cluster, ClusterConfig.FULL, own.name(), Authority.HOST_VALID));
    HostFolder.make(
        paths,
        config,
        new HostFolder.Keys(pair.getPrivate(), certificate, authority.text(), authority.keyText()),
        bracketed(own.address()) + ":" + (own.port() + 1));
    return config;
  }

  private static String bracketed(String address) {
    return address.contains(":") ? "[" + address + "]" : address;
  }

  private static ClusterConfig config(
      Own own, String cluster, int number, String role, String network) {
    try {
      return new ClusterConfig(
          ClusterConfig.VERSION,
          cluster,
          own.name(),
          number,
          own.zone(),
          role,
          own.address(),
          own.port(),
          network,
          own.uplink());
    } catch (IllegalArgumentException e) {
      throw (UsageException) new UsageException(String.valueOf(e.getMessage())).initCause(e);
    }
  }

  /** All ports have to be free on an address of this machine. */
  private static void checkOwnAddress(Own own) throws IOException {
    InetAddress address = InetAddress.ofLiteral(own.address());
    for (int port = own.port(); port < own.port() + PORTS; port++) {
      try (ServerSocket socket = new ServerSocket()) {
        socket.setReuseAddress(true);
        socket.bind(new InetSocketAddress(address, port));
      } catch (IOException e) {
        throw RefusedException.conflict(
            "cannot listen at "
                + own.address()
                + " port "
                + port
                + " ("
                + e.getMessage()
                + "): give an address of this machine with --address, and with --port the first of "
                + PORTS
                + " free ports");
      }
    }
  }

  /** Makes this machine a host of the cluster that gave the token out. */
  public ClusterConfig join(String text, Own own, @Nullable String role) throws IOException {
    Token token = Token.parse(text);
    HostFolder.refuseSecond(paths);
    // Refuses what makes no sense before anybody is asked.
    ClusterConfig _ = config(own, "00000000", 1, ClusterConfig.FULL, "10.0.0.0/8");
    checkOwnAddress(own);
    KeyPair pair = Authority.newKey();
    JoinMessages.Answer answer = ask(token, own, role, pair);
    ClusterConfig config =
        config(own, text(answer.cluster()), answer.number(), answer.role(), text(answer.network()));
    HostFolder.make(
        paths,
        config,
        new HostFolder.Keys(
            pair.getPrivate(),
            text(answer.certificate()),
            text(answer.authority()),
            answer.authorityKey()),
        text(answer.servers()));
    return config;
  }

  /**
   * Lets this machine, which is no host, speak to the cluster that gave the token out.
   *
   * @return where its hosts' agents are: {@code ADDRESS:PORT}
   */
  public List<String> login(String text, String name) throws IOException {
    Token token = Token.parse(text);
    if (Files.exists(paths.client())) {
      throw RefusedException.conflict(
          "this machine has a certificate of a cluster already: remove "
              + paths.client()
              + " to use another");
    }
    KeyPair pair = Authority.newKey();
    Own nobody = new Own(name, "", "", 0, null);
    JoinMessages.Answer answer = ask(token, nobody, ClusterTls.CLIENT, pair);
    HostFolder.makeClient(
        paths,
        new HostFolder.Keys(
            pair.getPrivate(), text(answer.certificate()), text(answer.authority()), null));
    return List.of(text(answer.servers()).split(",", -1));
  }

  private static String text(@Nullable String text) throws IOException {
    if (text == null) {
      throw new IOException("the cluster's answer is not whole");
    }
    return text;
  }

  private static JoinMessages.Answer ask(Token token, Own own, @Nullable String role, KeyPair pair)
      throws IOException {
    JoinMessages.Request request =
        new JoinMessages.Request(
            JoinMessages.PROTOCOL,
            Program.version(),
            token.secret(),
            GuestSpec.checkName("host", own.name()),
            own.zone(),
            own.address(),
            own.port(),
            role,
            Authority.request(pair, own.name()));
    long deadline = System.nanoTime() + DOOR_NANOS_MAX;
    IOException last = new IOException("nobody was asked");
    do {
      for (String address : token.addresses()) {
        try {
          return admitted(ask(token, address, request));
        } catch (SSLHandshakeException e) {
          throw RefusedException.conflict(
              "who answers at " + address + " is not of the cluster that gave the token out");
        } catch (IOException e) {
          last = e;
        }
      }
      pause();
    } while (System.nanoTime() - deadline < 0);
    throw RefusedException.conflict(
        "no host of the cluster lets anybody in at "
            + String.join(", ", token.addresses())
            + " ("
            + last.getMessage()
            + "): is one up, and the token still good?");
  }

  private static JoinMessages.Answer admitted(JoinMessages.Answer answer) {
    String refused = answer.refused();
    if (refused != null) {
      throw RefusedException.conflict(refused.lines().findFirst().orElse("refused"));
    }
    return answer;
  }

  private static void pause() throws IOException {
    try {
      Thread.sleep(200);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted", e);
    }
  }

  private static JoinMessages.Answer ask(Token token, String address, JoinMessages.Request request)
      throws IOException {
    int colon = address.lastIndexOf(':');
    String host = address.substring(0, colon).replaceAll("[\\[\\]]", "");
    int port = Integer.parseInt(address.substring(colon + 1));
    try (Socket raw = new Socket()) {
      raw.connect(new InetSocketAddress(host, port), CONNECT_MILLIS_MAX);
      raw.setSoTimeout(ANSWER_MILLIS_MAX);
      SSLContext tls = SSLContext.getInstance("TLSv1.3");
      tls.init(null, new TrustManager[] {new PinnedTrust(token.fingerprint())}, null);
      SSLSocket secured = (SSLSocket) tls.getSocketFactory().createSocket(raw, host, port, true);
      secured.setEnabledProtocols(new String[] {"TLSv1.3"});
      secured.startHandshake();
      JoinMessages.write(secured.getOutputStream(), request);
      return JoinMessages.read(
          new DataInputStream(secured.getInputStream()),
          "the cluster's answer",
          JoinMessages.Answer.class);
    } catch (GeneralSecurityException e) {
      throw new IOException("TLS: " + e.getMessage(), e);
    }
  }
}
