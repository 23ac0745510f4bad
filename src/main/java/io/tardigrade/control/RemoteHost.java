package io.tardigrade.control;

import io.tardigrade.guest.HostPaths;
import io.tardigrade.guest.UsageException;
import io.tardigrade.launch.RefusedException;
import io.tardigrade.links.ClusterTls;
import io.tardigrade.process.UnixHttp;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Another machine's host, asked over TLS with this machine's certificate: that of {@code host
 * login}, or its own where it is a host.
 */
public final class RemoteHost {
  private static final int PORT = 7420;
  private static final int CONNECT_MILLIS_MAX = 5_000;
  private static final Pattern ADDRESS =
      Pattern.compile("(?:([A-Za-z0-9.-]{1,253})|\\[([0-9a-fA-F:.]{2,45})])(?::(\\d{1,5}))?");

  private RemoteHost() {}

  /**
   * The host whose agent listens there.
   *
   * @param place {@code ADDRESS} or {@code ADDRESS:PORT}; IPv6 in brackets
   * @throws UsageException where that is no address
   * @throws RefusedException where this machine has no certificate; from each question where nobody
   *     of the cluster answers
   */
  public static HostApi at(HostPaths paths, String place) {
    Matcher parts = ADDRESS.matcher(place);
    int port = PORT;
    if (parts.matches() && parts.group(3) != null) {
      port = Integer.parseInt(parts.group(3));
    }
    if (!parts.matches() || port < 1 || port > 65_535) {
      throw new UsageException("host '" + place + "', expected ADDRESS or ADDRESS:PORT");
    }
    InetSocketAddress address =
        new InetSocketAddress(parts.group(1) == null ? parts.group(2) : parts.group(1), port);
    ClusterTls tls = certificate(paths);
    return new ApiClient(() -> open(tls, address, place));
  }

  private static ClusterTls certificate(HostPaths paths) {
    Path folder = Files.exists(paths.client()) ? paths.client() : paths.cluster();
    if (!Files.exists(folder)) {
      throw RefusedException.conflict(
          "this machine has no certificate of a cluster: 'tardigrade host login TOKEN' gets one,"
              + " with a token that 'tardigrade host token --role client' prints on a host");
    }
    try {
      return ClusterTls.read(folder);
    } catch (IOException e) {
      throw RefusedException.conflict(String.valueOf(e.getMessage()));
    }
  }

  private static UnixHttp open(ClusterTls tls, InetSocketAddress address, String place) {
    try {
      return UnixHttp.over(tls.connect(address, CONNECT_MILLIS_MAX));
    } catch (IOException e) {
      throw new RefusedException(
          RefusedException.Kind.AGENT_UNREACHABLE,
          "no agent of the cluster answers at " + place + ": " + e.getMessage(),
          e);
    }
  }
}
