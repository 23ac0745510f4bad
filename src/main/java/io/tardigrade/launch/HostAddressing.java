package io.tardigrade.launch;

import io.tardigrade.guest.HostPaths;
import io.tardigrade.network.HostNetwork;
import io.tardigrade.network.Installation;
import io.tardigrade.network.Ipv4;
import io.tardigrade.network.PortForward;
import io.tardigrade.network.Resolvers;
import java.io.IOException;
import java.util.List;

/** The network of this installation. */
public final class HostAddressing implements Addressing {
  private final Installation installation;
  private final HostNetwork network;

  /** That of the installation with these paths. */
  public HostAddressing(HostPaths paths) {
    this.installation = installation(paths);
    this.network = new HostNetwork(installation, paths.state());
  }

  /** The installation's name in the network, made from the instance name of its paths. */
  public static Installation installation(HostPaths paths) {
    return paths.instance().isEmpty() ? Installation.DEFAULT : new Installation(paths.instance());
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
