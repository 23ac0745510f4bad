package io.tardigrade.launch;

import io.tardigrade.guest.HostPaths;
import io.tardigrade.guest.UsageException;
import io.tardigrade.network.HostNetwork;
import io.tardigrade.network.Installation;
import io.tardigrade.network.Ipv4;
import io.tardigrade.network.PortForward;
import io.tardigrade.network.Resolvers;
import io.tardigrade.network.Subnet;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The network of this installation. {@code TARDIGRADE_SUBNET} names the guests' network where
 * others route one to this host; their own addresses are then known outside.
 */
public final class HostAddressing implements Addressing {
  private static final int GUESTS_PREFIX = 24;

  private final Installation installation;
  private final HostNetwork network;

  /** That of the installation with these paths. */
  public HostAddressing(HostPaths paths) {
    this.installation = installation(paths);
    this.network = network(paths);
  }

  /** The network of the installation with these paths. */
  public static HostNetwork network(HostPaths paths) {
    return new HostNetwork(installation(paths), paths.state(), routed(System.getenv()));
  }

  /** The installation's name in the network, made from the instance name of its paths. */
  public static Installation installation(HostPaths paths) {
    return paths.instance().isEmpty() ? Installation.DEFAULT : new Installation(paths.instance());
  }

  static Optional<Subnet> routed(Map<String, String> environment) {
    String given = environment.getOrDefault("TARDIGRADE_SUBNET", "").strip();
    if (given.isEmpty()) {
      return Optional.empty();
    }
    try {
      Subnet subnet = Subnet.parse(given);
      if (subnet.prefix() == GUESTS_PREFIX) {
        return Optional.of(subnet);
      }
    } catch (IllegalArgumentException e) {
      // Said below, with what is expected here.
    }
    throw new UsageException(
        "TARDIGRADE_SUBNET '"
            + given
            + "' is no network for guests; give one such as 10.117.7.0/24");
  }

  @Override
  public Place place(String guest) throws IOException {
    HostNetwork.Place place = network.place(guest);
    return new Place(
        place.address().toString(),
        place.subnet().prefix(),
        place.gateway().toString(),
        place.mac().toString(),
        place.tap(),
        installation.bridge(),
        place.address().bits() & 0xffff,
        Resolvers.ofHost().stream().map(Ipv4::toString).toList());
  }

  @Override
  public void publish(String guest, List<PortForward> forwards) throws IOException {
    network.publish(guest, forwards);
  }

  @Override
  public void release(String guest) throws IOException {
    network.release(guest);
  }

  @Override
  public void tearDown() throws IOException {
    network.tearDown();
  }
}
