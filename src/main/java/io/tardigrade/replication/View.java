package io.tardigrade.replication;

import java.util.ArrayList;
import java.util.Collection;
import java.util.List;

/**
 * Who may run a guest. The coordinator keeps the newest view of each guest and puts view <i>n</i> +
 * 1 in the place of view <i>n</i> only (compare-and-set by number).
 *
 * @param number 0 where there is none yet
 * @param reign the view in which its primary began to lead; the same for as long as that primary's
 *     log goes on unbroken
 * @param primary the host that may run the guest; empty only in {@link #NONE}
 * @param backups hosts that hold every committed epoch, the first in line to take over first
 */
public record View(long number, long reign, String primary, List<String> backups) {
  /** No view is known. */
  public static final View NONE = new View(0, 0, "", List.of());

  /** The most backups of a guest. */
  public static final int BACKUPS_MAX = 8;

  /** Checks that it is one. */
  public View {
    backups = List.copyOf(backups);
    if (number < 0
        || reign < 0
        || reign > number
        || primary.isEmpty() != (number == 0)
        || backups.size() > BACKUPS_MAX
        || backups.contains(primary)
        || backups.stream().distinct().count() != backups.size()) {
      throw new IllegalArgumentException(
          "view " + number + " of reign " + reign + ": " + primary + " " + backups);
    }
  }

  /** The first view of a guest that was never run. */
  public static View first(String primary) {
    return new View(1, 1, primary, List.of());
  }

  /** Whether {@code host} is in it, as primary or as backup. */
  public boolean hasMember(String host) {
    return primary.equals(host) || backups.contains(host);
  }

  /** The next view: {@code host} begins a reign of its own, and nobody else counts any longer. */
  public View aloneOn(String host) {
    return new View(number + 1, number + 1, host, List.of());
  }

  /** The next view: these backups are out. */
  View without(Collection<String> lost) {
    return new View(
        number + 1, reign, primary, backups.stream().filter(b -> !lost.contains(b)).toList());
  }

  /** The next view: one backup more. */
  View with(String backup) {
    List<String> more = new ArrayList<>(backups);
    more.add(backup);
    return new View(number + 1, reign, primary, more);
  }

  /**
   * The next view, in which {@code host} begins a reign of its own. A primary that is another host
   * is out; backups stay, for nothing can commit without them.
   */
  View ledBy(String host) {
    return new View(
        number + 1, number + 1, host, backups.stream().filter(b -> !b.equals(host)).toList());
  }

  /** The next view of a switchover: {@code target} leads, the primary becomes a backup. */
  View handedTo(String target) {
    List<String> others = new ArrayList<>(ledBy(target).backups());
    others.addFirst(primary);
    return new View(number + 1, number + 1, target, others);
  }

  @Override
  public String toString() {
    return "view "
        + number
        + " ("
        + primary
        + (backups.isEmpty() ? ", alone" : ", " + String.join(" ", backups))
        + ")";
  }
}
