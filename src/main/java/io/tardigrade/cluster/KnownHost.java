package io.tardigrade.cluster;

import io.tardigrade.guest.GuestSpec;

/**
 * A host that the cluster has let in, from then on until it is removed; kept as JSON at {@code
 * /tardigrade/members/NAME}.
 *
 * @param number of it, never given to another
 * @param role {@link ClusterConfig#FULL} or {@link ClusterConfig#WITNESS}
 * @param address of it, and the first of its ports
 * @param serial number of its certificate, hexadecimal
 */
public record KnownHost(
    String name, int number, String role, String zone, String address, int port, String serial) {
  public KnownHost {
    GuestSpec.checkName("host", name);
  }

  /** This host. */
  static KnownHost of(ClusterConfig config, String serial) {
    return new KnownHost(
        config.name(),
        config.number(),
        config.role(),
        config.zone(),
        config.address(),
        config.port(),
        serial);
  }
}
