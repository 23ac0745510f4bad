package io.tardigrade.replication;

import io.tardigrade.guest.Quantities;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** Chooses hosts for backups: a pure function. */
public final class Placement {
  /**
   * What was chosen.
   *
   * @param lack why there are fewer than asked for, empty where there are not
   */
  public record Choice(List<String> hosts, String lack) {}

  private Placement() {}

  /**
   * Chooses up to {@code count} hosts with room: first from zones without a member, then those with
   * most room. A host without a zone is a zone of its own.
   *
   * @param taken hosts that are members or being synchronised, the primary among them
   * @param avoided hosts that were given up lately; the last choice
   */
  public static Choice choose(
      Collection<String> taken,
      int count,
      long needBytes,
      Collection<HostRoom> hosts,
      Set<String> avoided) {
    Set<String> zones = new HashSet<>();
    List<HostRoom> fit = new ArrayList<>();
    boolean others = false;
    for (HostRoom host : hosts) {
      if (taken.contains(host.host())) {
        zones.add(zone(host));
      } else if (host.ready()) {
        others = true;
        if (host.freeBytes() >= needBytes) {
          fit.add(host);
        }
      }
    }
    List<String> chosen = new ArrayList<>();
    while (chosen.size() < count && !fit.isEmpty()) {
      HostRoom best =
          fit.stream()
              .min(
                  Comparator.comparing((HostRoom h) -> avoided.contains(h.host()))
                      .thenComparing(h -> zones.contains(zone(h)))
                      .thenComparing(Comparator.comparingLong(HostRoom::freeBytes).reversed())
                      .thenComparing(HostRoom::host))
              .get();
      fit.remove(best);
      zones.add(zone(best));
      chosen.add(best.host());
    }
    String lack =
        others ? "no host with " + Quantities.bytes(needBytes) + " free" : "no other host";
    return new Choice(List.copyOf(chosen), chosen.size() < count ? lack : "");
  }

  private static String zone(HostRoom host) {
    return host.zone().isEmpty() ? "host " + host.host() : "zone " + host.zone();
  }
}
