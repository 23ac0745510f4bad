package io.tardigrade.cluster;

import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** What a host does so that it keeps the replicas it is to keep: a pure function. */
final class ReplicaActions {
  private ReplicaActions() {}

  /** What is to be done. */
  enum Kind {
    /** Make the guest's folder, from which its guardian starts. */
    CREATE,
    /** Take away all that is here of it. */
    DROP,
    /** It has ended here: from now on it is a guest of this host like any other. */
    SETTLE,
    /** A guest of this host that is not the cluster's has the name: say so. */
    CONFLICT,
    /** It runs here, and the cluster does not know it: say so. */
    UNKNOWN,
    /** It is kept here, and the cluster knows neither it nor that it has ended: say so. */
    KEPT,
    /** This host was to found it and has not, or keeps it as its own: it is no guest of hosts. */
    RECLAIM
  }

  /**
   * One of them.
   *
   * @param id of the guest that is meant
   */
  record Action(Kind kind, String name, String id) {}

  /**
   * A guest on this host.
   *
   * @param id that the cluster knows it by; null where it is not replicated
   * @param leads whether it runs here, or may as far as is known
   * @param ended whether it has ended here
   */
  record Local(String name, @Nullable String id, boolean leads, boolean ended) {}

  /**
   * A guest that the cluster knows.
   *
   * @param assigned whether this host is to keep a replica
   * @param member whether it is in the guest's view
   * @param alone whether it is in that view alone
   * @param founded whether it has a view, as it has from when its first replica is there
   */
  record Known(
      String id, String name, boolean assigned, boolean member, boolean alone, boolean founded) {}

  /**
   * Nothing is dropped that runs here, or that the view counts on, or because nobody knows it.
   *
   * @param ended ids of local guests of which the cluster knows that they have ended
   */
  static List<Action> of(
      Collection<Local> locals, Collection<Known> guests, Collection<String> ended) {
    Map<String, Known> known = new HashMap<>();
    guests.forEach(guest -> known.put(guest.id(), guest));
    Map<String, Local> byName = new HashMap<>();
    List<Action> actions = new ArrayList<>();
    for (Local local : locals) {
      byName.put(local.name(), local);
      String id = local.id();
      if (id != null) {
        Kind kind = ofReplica(local, known.get(id), ended.contains(id));
        if (kind != null) {
          actions.add(new Action(kind, local.name(), id));
        }
      }
    }
    for (Known guest : guests) {
      if (!guest.assigned()) {
        continue;
      }
      Local there = byName.get(guest.name());
      if (!guest.founded()) {
        if (there == null || !guest.id().equals(there.id())) {
          actions.add(new Action(Kind.RECLAIM, guest.name(), guest.id()));
        }
      } else if (there == null) {
        actions.add(new Action(Kind.CREATE, guest.name(), guest.id()));
      } else if (there.id() == null) {
        Kind kind = guest.alone() ? Kind.RECLAIM : Kind.CONFLICT;
        actions.add(new Action(kind, guest.name(), guest.id()));
      }
    }
    return actions;
  }

  private static @Nullable Kind ofReplica(Local local, @Nullable Known guest, boolean ended) {
    if (guest == null) {
      if (local.ended()) {
        return Kind.SETTLE;
      }
      if (local.leads()) {
        return Kind.UNKNOWN;
      }
      return ended ? Kind.DROP : Kind.KEPT;
    }
    return guest.assigned() || guest.member() || local.leads() ? null : Kind.DROP;
  }
}
