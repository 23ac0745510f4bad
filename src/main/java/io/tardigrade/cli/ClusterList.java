package io.tardigrade.cli;

import com.fasterxml.jackson.annotation.JsonUnwrapped;
import io.tardigrade.control.HostGuests;
import io.tardigrade.guest.GuestStatus;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** The guests of a cluster, each once: as the host that runs it tells of it. */
final class ClusterList {
  private ClusterList() {}

  /**
   * A guest of the cluster.
   *
   * @param host that runs it, or runs it as far as those that are there know
   * @param guest as that host, or else one that keeps it, tells of it
   */
  record Row(String host, @JsonUnwrapped GuestStatus guest) {}

  /** One row for each guest, by name. */
  static List<Row> rows(List<HostGuests> hosts) {
    Map<String, Row> rows = new HashMap<>();
    for (HostGuests host : hosts) {
      for (GuestStatus guest : host.guests()) {
        GuestStatus.Replica replica = guest.replica();
        String key = replica == null ? host.host() + "/" + guest.name() : replica.id();
        boolean isBackup = replica != null && !replica.role().equals("primary");
        String runsOn = replica != null && isBackup ? replica.primary() : host.host();
        rows.merge(key, new Row(runsOn, guest), ClusterList::better);
      }
    }
    List<Row> all = new ArrayList<>(rows.values());
    all.sort(Comparator.comparing((Row row) -> row.guest().name()).thenComparing(Row::host));
    return all;
  }

  /** Of two that both say they run it the newer view is right. */
  private static Row better(Row one, Row two) {
    return rank(two) > rank(one) ? two : one;
  }

  private static long rank(Row row) {
    GuestStatus.Replica replica = row.guest().replica();
    if (replica == null) {
      return Long.MAX_VALUE;
    }
    boolean isPrimary = replica.role().equals("primary");
    // Of those that wait for one that does not come back, who says so.
    return 4 * replica.view() + (isPrimary ? 2 : 0) + (replica.text().isEmpty() ? 0 : 1);
  }
}
