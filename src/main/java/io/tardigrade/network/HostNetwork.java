package io.tardigrade.network;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * What an installation has on the host: its bridge, its subnet, the TAP devices of its guests and
 * their published ports. Everything lives in the kernel and goes on without us; every method may be
 * repeated and puts right what it finds wrong, leaving alone what is right.
 *
 * <p>Needs root. Safe for use by any thread and by several processes at once: a lock of the host
 * orders them. Each method takes some tens of milliseconds.
 *
 * <p>Limits: a firewall of the host that drops forwarded packets by default is opened for our
 * bridge where it is managed by {@code iptables} (as Docker's is); any other is told by {@link
 * #obstacles}.
 */
public final class HostNetwork {
  private static final String FORWARDING = "ipv4/ip_forward";

  /** A host pause queues this many frames towards a guest before the kernel drops any. */
  private static final int TAP_QUEUE_FRAMES = 2048;

  private final Installation installation;
  private final Path file;
  private final Nft nft;
  private final ForwardPolicy policy;
  private final Optional<Subnet> routed;
  private final Optional<ClusterNetwork> cluster;

  /**
   * The network of {@code installation}, remembered in {@code stateDirectory}. Does nothing yet.
   */
  public HostNetwork(Installation installation, Path stateDirectory) {
    this(installation, stateDirectory, Optional.empty());
  }

  /**
   * As above, with a network that others route to this host. Its guests are known outside by their
   * own addresses: nothing of their connections is kept here, and so none is lost when this host is
   * reset.
   *
   * @param routed the guests' network; where empty, one is chosen, and guests go out by the host's
   *     address
   */
  public HostNetwork(Installation installation, Path stateDirectory, Optional<Subnet> routed) {
    this(installation, stateDirectory, routed, Optional.empty());
  }

  private HostNetwork(
      Installation installation,
      Path stateDirectory,
      Optional<Subnet> routed,
      Optional<ClusterNetwork> cluster) {
    this.installation = installation;
    this.file = stateDirectory.resolve("network.json");
    String uplinkTable = cluster.map(c -> UplinkTable.create(installation, c)).orElse("");
    this.nft = new Nft(installation, routed.isPresent(), uplinkTable);
    this.policy = new ForwardPolicy(installation.bridge());
    this.routed = routed;
    this.cluster = cluster;
  }

  /** That of a host of a cluster, whose guests share one network with those of the others. */
  public static HostNetwork ofCluster(
      Installation installation, Path stateDirectory, ClusterNetwork cluster) {
    return new HostNetwork(installation, stateDirectory, Optional.empty(), Optional.of(cluster));
  }

  /** A guest's place in the network, the same for its life. */
  public record Place(Ipv4 address, Mac mac, String tap, Subnet subnet) {
    /** The bridge's address: the guest's router. */
    public Ipv4 gateway() {
      return subnet.gateway();
    }
  }

  /**
   * Makes bridge, addresses, kernel settings and firewall table be there and be right, and puts TAP
   * devices and published ports of known guests back where they got lost.
   *
   * @return the subnet of this installation's guests
   */
  public Subnet setUp() throws IOException {
    try (HostLock lock = HostLock.take()) {
      return ensure(lock).network();
    }
  }

  private NetworkState ensure(HostLock lock) throws IOException {
    NetworkState state = loadOrChoose();
    ensureBridge(state.network());
    ensureSettings(lock);
    NetworkState ensured = nft.ensure(state);
    if (!ensured.equals(state)) {
      ensured.save(file);
    }
    Optional<String> uplink = cluster.flatMap(ClusterNetwork::uplink);
    if (uplink.isPresent()) {
      Uplink.attach(uplink.get(), installation.bridge());
    }
    policy.open();
    return ensured;
  }

  private NetworkState loadOrChoose() throws IOException {
    Optional<NetworkState> known = NetworkState.load(file);
    if (known.isPresent()) {
      if (!known.get().installation().equals(installation.id())) {
        throw new IOException(
            file
                + " is that of installation '"
                + known.get().installation()
                + "', not of '"
                + installation.id()
                + "': give each its own state folder");
      }
      if (isOfThisCluster(known.get())) {
        refuseTakenSubnet(known.get().network());
        return known.get();
      }
      leave(known.get());
    }
    Files.createDirectories(file.toAbsolutePath().getParent());
    NetworkState fresh =
        new NetworkState(
            NetworkState.FORMAT,
            installation.id(),
            chooseNetwork().toString(),
            wantedPool(),
            AddressPool.INDEX_FIRST,
            "",
            Map.of());
    fresh.save(file);
    return fresh;
  }

  private Subnet chooseNetwork() throws IOException {
    if (cluster.isPresent()) {
      Subnet network = cluster.get().network();
      refuseTakenSubnet(network);
      return network;
    }
    return routed.isPresent() ? routed.get() : SubnetChoice.choose(foreignRoutes());
  }

  private @Nullable String wantedPool() {
    return cluster.isPresent() ? cluster.get().pool().toString() : null;
  }

  private boolean isOfThisCluster(NetworkState known) {
    return Objects.equals(known.pool(), wantedPool())
        && (cluster.isEmpty() || cluster.get().network().equals(known.network()));
  }

  /** The host has joined or left a cluster: its network goes, unless guests still have a place. */
  private void leave(NetworkState known) throws IOException {
    if (!known.guests().isEmpty()) {
      throw new IOException(
          "guests of this host (%s) have addresses of %s, but its network is %s since it %s a"
                  .formatted(
                      String.join(", ", known.guests().keySet()),
                      known.network(),
                      cluster.map(c -> c.network().toString()).orElse("its own"),
                      cluster.isPresent() ? "joined" : "left")
              + " cluster: delete them first");
    }
    removeDevices();
    nft.remove();
  }

  private List<Links.Route> foreignRoutes() throws IOException {
    Optional<String> uplink = cluster.flatMap(ClusterNetwork::uplink);
    return Links.routes().stream()
        .filter(r -> !r.device().equals(installation.bridge()))
        .filter(r -> uplink.isEmpty() || !r.device().equals(uplink.get()))
        .toList();
  }

  private void refuseTakenSubnet(Subnet subnet) throws IOException {
    for (Links.Route route : foreignRoutes()) {
      if (SubnetChoice.blocks(route, subnet)) {
        throw new IOException(
            "the guests' network "
                + subnet
                + " is now also that of "
                + route.device()
                + " ("
                + route.subnet()
                + "): remove that route, or delete all guests and "
                + file);
      }
    }
  }

  private void ensureBridge(Subnet subnet) throws IOException {
    String bridge = installation.bridge();
    Optional<Links.Link> present = Links.find(bridge);
    if (present.isPresent()) {
      refuseForeign(present.get());
    } else {
      // An address of its own: without it a bridge takes the lowest of its ports', which changes
      // as guests come and go and leaves the others with a stale neighbour.
      Links.batch(
          "link add name %s address %s type bridge stp_state 0 forward_delay 0 mcast_snooping 0"
              .formatted(bridge, subnet.gateway().mac()));
    }
    quietIpv6(bridge);
    Links.batch(
        "link set dev %s alias \"%s\"".formatted(bridge, installation.bridgeAlias()),
        "addr replace %s/%d brd + dev %s".formatted(subnet.gateway(), subnet.prefix(), bridge),
        "link set dev %s up".formatted(bridge));
    for (Links.Link link : ourTaps()) {
      if (!link.upper().equals(bridge)) {
        attachNow(link.name());
      }
    }
  }

  private void refuseForeign(Links.Link link) throws IOException {
    boolean ours = link.alias().isEmpty() || link.alias().equals(installation.bridgeAlias());
    if (!link.kind().equals("bridge") || !ours) {
      throw new IOException(
          "the device "
              + link.name()
              + " exists and is not this installation's"
              + (link.alias().isEmpty() ? "" : " but '" + link.alias() + "'")
              + ": rename it, or choose another installation id");
    }
  }

  private void ensureSettings(HostLock lock) throws IOException {
    String bridge = "ipv4/conf/" + installation.bridge() + "/";
    if (!Sysctl.read(FORWARDING).equals("1")) {
      lock.rememberForwarding(true);
      Sysctl.set(FORWARDING, "1");
    }
    Sysctl.set(bridge + "forwarding", "1");
    // Connections to 127.0.0.1 at a published port leave towards the guest with that source until
    // they are masqueraded; the table keeps guests away from our loopback addresses.
    Sysctl.set(bridge + "route_localnet", "1");
  }

  /** Our side speaks no IPv6: its announcements would only wake idle guests. */
  private static void quietIpv6(String device) throws IOException {
    String key = "ipv6/conf/" + device + "/disable_ipv6";
    if (Sysctl.exists(key)) {
      Sysctl.set(key, "1");
    }
  }

  /** The guest's address, hardware address and TAP device, given now where it has none yet. */
  public Place place(String guest) throws IOException {
    return place(guest, address -> false);
  }

  /**
   * As above; an address given now is none that {@code taken} says a guest elsewhere in the cluster
   * has, which this host may have given it once.
   */
  public Place place(String guest, Predicate<Ipv4> taken) throws IOException {
    try (HostLock _ = HostLock.take()) {
      NetworkState state = loadOrChoose();
      if (!state.guests().containsKey(guest)) {
        state = state.with(guest, taken);
        state.save(file);
      }
      return placeOf(state, guest);
    } catch (IllegalStateException | IllegalArgumentException e) {
      throw new IOException(e.getMessage(), e);
    }
  }

  /**
   * Gives a guest that another host of the cluster has given an address the same place here.
   *
   * @throws IOException where this host is of no cluster, the address is none of its guests, or
   *     another guest has it here
   */
  public Place adopt(String guest, Ipv4 address) throws IOException {
    if (cluster.isEmpty() || !cluster.get().isGuests(address)) {
      throw new IOException(
          "guest '%s' cannot come to this host with address %s: %s"
              .formatted(
                  guest,
                  address,
                  cluster
                      .map(c -> "the guests' network of its cluster is " + c.network())
                      .orElse("it is of no cluster")));
    }
    try (HostLock _ = HostLock.take()) {
      NetworkState before = loadOrChoose();
      NetworkState after = before.adopting(guest, address);
      if (!after.equals(before)) {
        after.save(file);
      }
      return placeOf(after, guest);
    } catch (IllegalArgumentException e) {
      throw new IOException(e.getMessage(), e);
    }
  }

  private Place placeOf(NetworkState state, String guest) {
    Ipv4 address = Ipv4.parse(Objects.requireNonNull(state.guests().get(guest)).address());
    String tap = state.pool() == null ? installation.tap(address) : installation.wideTap(address);
    return new Place(address, address.mac(), tap, state.network());
  }

  /** Puts a TAP device (see {@link Tap#open}) on the bridge and sets it up. */
  public void attach(String tap) throws IOException {
    try (HostLock _ = HostLock.take()) {
      attachNow(tap);
    }
  }

  private void attachNow(String tap) throws IOException {
    quietIpv6(tap);
    // With br_netfilter a guest's packet to its own published port never leaves the bridge: it may
    // only turn back to the port it came from ("hairpin") where that is allowed.
    Links.batch(
        "link set dev %s txqueuelen %d master %s up"
            .formatted(tap, TAP_QUEUE_FRAMES, installation.bridge()),
        "link set dev %s type bridge_slave hairpin on".formatted(tap));
  }

  /**
   * Publishes exactly these ports for a guest that has a {@link #place}, in one step; earlier ones
   * that are not among them go.
   *
   * @throws IOException where a port is taken, naming by whom if that can be known; nothing has
   *     changed then
   */
  public void publish(String guest, List<PortForward> forwards) throws IOException {
    try (HostLock lock = HostLock.take()) {
      NetworkState before = ensure(lock);
      NetworkState.Guest known = before.guests().get(guest);
      if (known == null) {
        throw new IOException("cannot publish ports: guest '" + guest + "' has no address yet");
      }
      List<PortForward> already = known.parsed();
      PortConflicts conflicts = new PortConflicts(before, guest, nft.foreign());
      for (int i = 0; i < forwards.size(); i++) {
        conflicts.check(forwards.get(i), forwards.subList(0, i), already);
      }
      NetworkState after = before.with(guest, forwards);
      // The file first: what is cut short between the two is put right by the next set-up.
      after.save(file);
      try {
        nft.ensure(after);
      } catch (IOException e) {
        before.save(file);
        throw e;
      }
    }
  }

  /** What is published for a guest. */
  public List<PortForward> published(String guest) throws IOException {
    return NetworkState.load(file)
        .flatMap(state -> Optional.ofNullable(state.guests().get(guest)))
        .map(NetworkState.Guest::parsed)
        .orElse(List.of());
  }

  /** Takes everything of a guest away: published ports, TAP device, address. */
  public void release(String guest) throws IOException {
    try (HostLock _ = HostLock.take()) {
      Optional<NetworkState> known = NetworkState.load(file);
      if (known.isEmpty() || !known.get().guests().containsKey(guest)) {
        return;
      }
      NetworkState after = known.get().without(guest);
      nft.shrink(after);
      Links.delete(placeOf(known.get(), guest).tap());
      after.save(file);
    }
  }

  /**
   * Others' firewall chains that drop forwarded packets by default and that we do not open: guests
   * reach each other and this host, but perhaps nothing else. One line each, for people.
   */
  public List<String> obstacles() throws IOException {
    return policy.opens() ? List.of() : nft.refusingChains();
  }

  /** Removes everything of this installation from the host; what is not there any more is fine. */
  public void tearDown() throws IOException {
    try (HostLock lock = HostLock.take()) {
      // Devices first: the uplink must not be a port without the rules.
      policy.close();
      removeDevices();
      nft.remove();
      // Somebody may have come to rely on forwarding since: then it stays.
      if (lock.forwardingIsOurs() && !nft.othersForward()) {
        Sysctl.set(FORWARDING, "0");
        lock.rememberForwarding(false);
      }
      Files.deleteIfExists(file);
      Files.deleteIfExists(file.resolveSibling(file.getFileName() + ".new"));
    }
  }

  private void removeDevices() throws IOException {
    Optional<Links.Link> bridge = Links.find(installation.bridge());
    if (bridge.isPresent()) {
      refuseForeign(bridge.get());
      for (Links.Link port : Links.list()) {
        if (port.upper().equals(installation.bridge())
            && !port.name().startsWith(installation.tapPrefix())) {
          Uplink.detach(port.name(), installation.bridge());
        }
      }
    }
    for (Links.Link tap : ourTaps()) {
      Links.delete(tap.name());
    }
    Links.delete(installation.bridge());
  }

  private List<Links.Link> ourTaps() throws IOException {
    List<Links.Link> taps = new ArrayList<>(Links.list());
    taps.removeIf(l -> !l.kind().equals("tun") || !l.name().startsWith(installation.tapPrefix()));
    return taps;
  }
}
