package io.tardigrade.network;

import java.io.IOException;
import java.util.Optional;

/**
 * The interface of a host by which its guests' bridge is one with the other hosts' bridges. It is a
 * port of the bridge while the network is set up, and given back when it is torn down.
 */
final class Uplink {
  private static final String QUIET = "/disable_ipv6";

  private Uplink() {}

  /** Makes it a port of the bridge; the rules that keep the gateway here must be in force. */
  static void attach(String uplink, String bridge) throws IOException {
    Links.Link link = find(uplink);
    if (link.upper().equals(bridge)) {
      return;
    }
    if (!link.upper().isEmpty()) {
      throw new IOException(
          "the cluster's uplink %s is a port of %s on this host: take it out, or give another"
              .formatted(uplink, link.upper()));
    }
    setQuiet(uplink, "1");
    Links.batch("link set dev %s master %s up".formatted(uplink, bridge));
  }

  private static Links.Link find(String uplink) throws IOException {
    return Links.find(uplink)
        .orElseThrow(() ->
            new IOException(
                "the cluster's uplink "
                    + uplink
                    + " does not exist on this host: plug it in, or give another"));
  }

  /** Takes it off the bridge; does nothing where it is not there. */
  static void detach(String uplink, String bridge) throws IOException {
    Optional<Links.Link> link = Links.find(uplink);
    if (link.isPresent() && link.get().upper().equals(bridge)) {
      Links.batch("link set dev %s nomaster".formatted(uplink));
      String usual = "ipv6/conf/default" + QUIET;
      setQuiet(uplink, Sysctl.exists(usual) ? Sysctl.read(usual) : "0");
    }
  }

  /** What the host itself would send over it would only wake guests. */
  private static void setQuiet(String uplink, String value) throws IOException {
    String key = "ipv6/conf/" + uplink + QUIET;
    if (Sysctl.exists(key)) {
      Sysctl.set(key, value);
    }
  }
}
