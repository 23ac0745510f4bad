package io.tardigrade.ensemble;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * Decides which hosts are to run a server: all hosts' agents decide alike, for they decide by what
 * the service itself stores. One of three or of five can do without one or two.
 *
 * <pre>
 *   hosts of the cluster   1  2  3  4  5  6 …
 *   servers                1  1  3  3  5  5
 * </pre>
 *
 * <p>A server stays where it is while its host is of the cluster and the number is right. New ones
 * go to hosts that are there, those that joined first before others; so an ensemble grows only when
 * all that it is to have are there.
 */
final class EnsemblePlan {
  private EnsemblePlan() {}

  /**
   * A host of the cluster.
   *
   * @param present whether it is heard of
   */
  record Host(Server server, boolean present) {}

  static int size(int hosts) {
    return hosts >= 5 ? 5 : hosts >= 3 ? 3 : 1;
  }

  /** The servers that there should be. */
  static List<Server> wanted(List<Host> hosts, List<Server> current) {
    if (hosts.isEmpty()) {
      return current;
    }
    Set<Integer> running = new HashSet<>();
    current.forEach(server -> running.add(server.number()));
    List<Host> kept = new ArrayList<>();
    List<Host> others = new ArrayList<>();
    for (Host host : hosts) {
      (running.contains(host.server().number()) ? kept : others).add(host);
    }
    Comparator<Host> presentFirst =
        Comparator.comparing((Host host) -> !host.present())
            .thenComparingInt(host -> host.server().number());
    kept.sort(presentFirst);
    others.removeIf(host -> !host.present());
    others.sort(presentFirst);
    // One that is away for a while keeps its vote.
    List<Host> chosen = new ArrayList<>(kept);
    chosen.addAll(others);
    if (chosen.isEmpty()) {
      return current;
    }
    int size = Math.min(size(hosts.size()), odd(chosen.size()));
    return chosen.subList(0, size).stream()
        .map(Host::server)
        .sorted(Comparator.comparingInt(Server::number))
        .toList();
  }

  /** Two can do without no more than one can, and four than three. */
  private static int odd(int servers) {
    return servers % 2 == 0 ? servers - 1 : servers;
  }
}
