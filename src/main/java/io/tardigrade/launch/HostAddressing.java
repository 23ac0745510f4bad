package io.tardigrade.launch;

import io.tardigrade.guest.HostPaths;
import io.tardigrade.guest.Json;
import io.tardigrade.guest.UsageException;
import io.tardigrade.network.ClusterNetwork;
import io.tardigrade.network.HostNetwork;
import io.tardigrade.network.Installation;
import io.tardigrade.network.Ipv4;
import io.tardigrade.network.Mac;
import io.tardigrade.network.PortForward;
import io.tardigrade.network.Resolvers;
import io.tardigrade.network.Subnet;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The network of this installation. {@code TARDIGRADE_SUBNET} names the guests' network where
 * others route one to this host; their own addresses are then known outside.
 */
public final class HostAddressing implements Addressing {
  private static final int GUESTS_PREFIX = 24;

  private final Installation installation;
  private final HostPaths paths;

  /** That of the installation with these paths. */
  public HostAddressing(HostPaths paths) {
    this.installation = installation(paths);
    this.paths = paths;
  }

  /** The network of the installation with these paths. */
  public static HostNetwork network(HostPaths paths) throws IOException {
    return network(paths, System.getenv());
  }

  /** Looked at each time: a host may join a cluster while its agent runs. */
  static HostNetwork network(HostPaths paths, Map<String, String> environment) throws IOException {
    Optional<ClusterNetwork> cluster = cluster(paths);
    return cluster.isPresent()
        ? HostNetwork.ofCluster(installation(paths), paths.state(), cluster.get())
        : new HostNetwork(installation(paths), paths.state(), routed(environment));
  }

  /** What the network needs of the file by which a host knows its cluster. */
  private record ClusterFile(int number, String network, @Nullable String uplink) {}

  /** Empty where this host is of no cluster. */
  static Optional<ClusterNetwork> cluster(HostPaths paths) throws IOException {
    Path file = paths.cluster().resolve("host.json");
    if (!Files.exists(file)) {
      return Optional.empty();
    }
    ClusterFile told = Json.read(file, ClusterFile.class);
    try {
      return Optional.of(
          new ClusterNetwork(
              Subnet.parse(told.network()), told.number(), Optional.ofNullable(told.uplink())));
    } catch (IllegalArgumentException e) {
      throw new IOException(file + " is not usable: " + e.getMessage(), e);
    }
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
    Set<String> taken = ClusterAddresses.read(paths);
    return told(network(paths).place(guest, address -> taken.contains(address.toString())));
  }

  @Override
  public Place adopt(String guest, String address, String mac) throws IOException {
    Ipv4 wanted;
    try {
      wanted = Ipv4.parse(address);
      if (!wanted.mac().equals(Mac.parse(mac))) {
        throw new IllegalArgumentException(
            "address %s goes with hardware address %s, not with %s"
                .formatted(address, wanted.mac(), mac));
      }
    } catch (IllegalArgumentException e) {
      throw new IOException("guest '" + guest + "' cannot come here: " + e.getMessage(), e);
    }
    return told(network(paths).adopt(guest, wanted));
  }

  private Place told(HostNetwork.Place place) throws IOException {
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
    network(paths).publish(guest, forwards);
  }

  @Override
  public void release(String guest) throws IOException {
    network(paths).release(guest);
  }

  @Override
  public void tearDown() throws IOException {
    network(paths).tearDown();
  }
}
