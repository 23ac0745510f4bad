package io.tardigrade.replication;

import java.util.ArrayList;
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
 * @param kind what to do
 * @param reason one line
 */
public record ColdStart(Kind kind, String reason) {
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
   */
  public record Own(String host, boolean whole, long ledReign) {}

  /**
   * Decides.
   *
   * @param view as it is stored
   * @param empty hosts that have said that they hold nothing of the guest's memory, each with the
   *     number of the view in which it found that
   */
  public static ColdStart of(Own own, View view, Map<String, Long> empty) {
    if (own.whole() || !view.primary().equals(own.host())) {
      return new ColdStart(Kind.NONE, "");
    }
    if (own.ledReign() != view.reign()) {
      return new ColdStart(
          Kind.WAIT,
          "its memory is gone here, and it has not run here since "
              + view
              + ": the disks here may be older than what was committed");
    }
    List<String> silent = new ArrayList<>();
    for (String backup : view.backups()) {
      // What a host found in an earlier view it may have been given since.
      if (empty.getOrDefault(backup, 0L) != view.number()) {
        silent.add(backup);
      }
    }
    if (!silent.isEmpty()) {
      return new ColdStart(
          Kind.WAIT,
          "its memory is gone here, and may be held by "
              + String.join(", ", silent)
              + ", not heard of yet");
    }
    return new ColdStart(
        Kind.BOOT,
        view.backups().isEmpty()
            ? "its memory was held here alone, and is lost: it boots from its disk at the last"
                + " committed epoch"
            : "no host of "
                + view
                + " holds its memory any longer: it boots from its disk at the last committed"
                + " epoch");
  }
}
