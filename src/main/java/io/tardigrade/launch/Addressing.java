package io.tardigrade.launch;

import io.tardigrade.network.PortForward;
import java.io.IOException;
import java.util.List;

/** The host's network as far as making a guest needs it. */
public interface Addressing {
  /**
   * A guest's place, the same for its life.
   *
   * @param index tells guests of a host apart; 0 to 65535
   */
  record Place(
      String address,
      int prefixLength,
      String gateway,
      String mac,
      String tap,
      String bridge,
      int index,
      List<String> nameservers) {
    public Place {
      nameservers = List.copyOf(nameservers);
    }
  }

  /** Gives the guest a place. */
  Place place(String guest) throws IOException;

  /**
   * Gives a guest that another host of the cluster has given an address the same place on this
   * host; only device and bridge are this host's own.
   *
   * @param mac the hardware address it has, which must be the one that goes with {@code address}
   */
  Place adopt(String guest, String address, String mac) throws IOException;

  /** Publishes these ports, all or none. */
  void publish(String guest, List<PortForward> forwards) throws IOException;

  /** Takes place, device and ports away; nothing happens where there are none. */
  void release(String guest) throws IOException;

  /** Takes all of the network away, when no guest is left that could need it. */
  void tearDown() throws IOException;
}
