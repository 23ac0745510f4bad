package io.tardigrade.ensemble;

import io.tardigrade.cluster.ClusterConfig;

/**
 * One server of the coordination service. Its ports follow from that of its host's agent:
 *
 * <pre>
 *   port      API of the agent
 *   port + 1  clients of the coordination service
 *   port + 2  its servers, to their leader
 *   port + 3  its servers, to elect one
 *   port + 4  hosts that join, while a token is good
 * </pre>
 *
 * @param number of the host
 * @param address of the host
 * @param port of the host's agent
 */
public record Server(int number, String address, int port) {
  /** That of this host. */
  public static Server of(ClusterConfig config) {
    return new Server(config.number(), config.address(), config.port());
  }

  int clientPort() {
    return port + 1;
  }

  /** As a client finds it. */
  public String client() {
    return bracketed(address) + ":" + clientPort();
  }

  /** As ZooKeeper writes it. */
  String text() {
    return "server."
        + number
        + "="
        + bracketed(address)
        + ":"
        + (port + 2)
        + ":"
        + (port + 3)
        + ":participant";
  }

  static String bracketed(String address) {
    return address.contains(":") ? "[" + address + "]" : address;
  }
}
