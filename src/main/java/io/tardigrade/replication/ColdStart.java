package io.tardigrade.replication;

import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;

/**
 * What becomes of a guest whose memory may be lost on all hosts, as when a whole rack has lost
 * power: decided by the host that its view names. Pure.
 *
 * <p>Memory that any host may still hold is never given up for a boot. And a boot begins from disks
 * that hold every committed epoch: those of the primary do, once it has begun its reign, for there
 * an epoch's disk writes are durable before it commits; a backup's may be behind, as what it holds
 * above them is in memory, and a primary's that never came to lead.
 *
 * <p>A person may decide otherwise ({@link #asTold}), where a host that may hold the memory does
 * not come back.
 *
 * @param kind what to do
 * @param reason one line
 * @param silent members of the view that may hold the memory, and are not heard of
 */
public record ColdStart(Kind kind, String reason, List<String> silent) {
  /** What to do. */
  public enum Kind {
    /** It is not this host's to decide, or the guest's memory is here. */
    NONE,
    /** Whether it may boot is not known yet, or never will be without a person. */
    WAIT,
    /** Boot it from the disks on this host. */
    BOOT
  }

  /**
   * What a host knows of itself.
   *
   * @param whole whether it holds the guest's memory
   * @param ledReign the last reign in which the guest has run here, kept on disk; 0 for none
   * @param damage why the memory that is here is not as it was committed; empty where it is, or
   *     there is none
   */
  public record Own(String host, boolean whole, long ledReign, String damage) {}

  /**
   * Decides.
   *
   * @param view as it is stored
   * @param empty hosts that have said that they hold nothing of the guest's memory, each with the
   *     number of the view in which it found that
   */
  public static ColdStart of(Own own, View view, Map<String, Long> empty) {
    if (own.whole() || !view.primary().equals(own.host())) {
      return none("");
    }
    List<String> silent = unknown(own, view, empty);
    if (own.ledReign() != view.reign()) {
      return new ColdStart(
          Kind.WAIT,
          "its memory is gone here, and it has not run here since "
              + view
              + ": the disks here may be older than what was committed",
          silent);
    }
    if (!silent.isEmpty()) {
      return new ColdStart(
          Kind.WAIT,
          "its memory is gone here, and may be held by "
              + String.join(", ", silent)
              + ", not heard of yet",
          silent);
    }
    if (!own.damage().isEmpty()) {
      return new ColdStart(
          Kind.WAIT, "its memory is kept here to be examined: " + own.damage(), silent);
    }
    return new ColdStart(
        Kind.BOOT,
        view.backups().isEmpty()
            ? "its memory was held here alone, and is lost: it boots from its disk at the last"
                + " committed epoch"
            : "no host of "
                + view
                + " holds its memory any longer: it boots from its disk at the last committed"
                + " epoch",
        silent);
  }

  /**
   * Decides as a person wants it, who gives the guest's memory up: whether the guest boots from the
   * disks of the host {@code own}, and what is lost by that. Never while a host that may hold the
   * memory is there, and on a member of the view only: then no other can commit, nor lead, by the
   * view that is stored now, and the next one names this host alone.
   *
   * @param there hosts whose guardians of the guest are connected with the coordinator
   */
  public static ColdStart asTold(
      Own own, View view, Map<String, Long> empty, Collection<String> there) {
    if (own.whole()) {
      return none(own.host() + " holds the guest's memory, which is given up by nobody");
    }
    if (!view.hasMember(own.host())) {
      return none(own.host() + " is not in " + view + ": its disks may be of any age");
    }
    List<String> silent = unknown(own, view, empty);
    for (String host : silent) {
      if (there.contains(host)) {
        return none(host + " is up and may hold the guest's memory, which goes on there");
      }
    }
    boolean newest = own.host().equals(view.primary()) && own.ledReign() == view.reign();
    return new ColdStart(
        Kind.BOOT,
        "it boots from the disks of "
            + own.host()
            + " as a person has decided; "
            + (silent.isEmpty()
                ? "no host holds its memory"
                : "given up is the memory that " + String.join(", ", silent) + " may hold")
            + (own.damage().isEmpty() ? "" : "; deleted is what is here of it: " + own.damage())
            + (newest
                ? "; the disks hold all that was committed"
                : "; disk writes that clients were told of may be missing, for it has not run there"
                    + " since "
                    + view),
        silent);
  }

  private static ColdStart none(String reason) {
    return new ColdStart(Kind.NONE, reason, List.of());
  }

  /** Other members that have not said in this view that they hold nothing. */
  private static List<String> unknown(Own own, View view, Map<String, Long> empty) {
    List<String> unknown = new ArrayList<>();
    List<String> members = new ArrayList<>(view.backups());
    members.addFirst(view.primary());
    members.remove(own.host());
    for (String member : members) {
      // What a host found in an earlier view it may have been given since.
      if (empty.getOrDefault(member, 0L) != view.number()) {
        unknown.add(member);
      }
    }
    return unknown;
  }
}
