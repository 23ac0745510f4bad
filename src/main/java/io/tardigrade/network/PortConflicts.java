package io.tardigrade.network;

import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Refuses to publish a port that something else has, saying what. */
final class PortConflicts {
  private final NetworkState state;
  private final String guest;
  private final Map<String, List<NftTable.Element>> foreign;

  /**
   * Conflicts of {@code guest}.
   *
   * @param foreign ports published by other installations, by table
   */
  PortConflicts(NetworkState state, String guest, Map<String, List<NftTable.Element>> foreign) {
    this.state = state;
    this.guest = guest;
    this.foreign = foreign;
  }

  /** Throws where {@code wanted} cannot be published beside {@code others} of the same guest. */
  void check(PortForward wanted, List<PortForward> others, List<PortForward> already)
      throws IOException {
    for (PortForward other : others) {
      if (other.collidesWith(wanted)) {
        throw taken(wanted, "it is also published as " + other + " for the same guest");
      }
    }
    Optional<Map.Entry<String, PortForward>> holder = state.holderOf(wanted, guest);
    if (holder.isPresent()) {
      throw taken(
          wanted,
          "guest '" + holder.get().getKey() + "' has published it as " + holder.get().getValue());
    }
    for (List<NftTable.Element> elements : foreign.values()) {
      for (NftTable.Element element : elements) {
        if (element.forward().collidesWith(wanted)) {
          throw taken(
              wanted, "guest '" + element.comment() + "' of another installation has published it");
        }
      }
    }
    if (!already.contains(wanted)) {
      checkHost(wanted);
    }
  }

  private static void checkHost(PortForward wanted) throws IOException {
    Optional<String> user = PortUsers.find(wanted);
    if (user.isPresent()) {
      throw taken(wanted, "it is in use by " + user.get());
    }
    Optional<Ipv4> address = wanted.address();
    if (address.isPresent() && !address.get().isLoopback()) {
      List<Ipv4> own = Links.addresses();
      if (!own.contains(address.get())) {
        throw taken(wanted, address.get() + " is no address of this host, which has " + own);
      }
    }
  }

  private static IOException taken(PortForward wanted, String why) {
    return new IOException(
        "cannot publish port " + wanted.hostPort() + "/" + wanted.transport() + ": " + why);
  }
}
