package io.tardigrade.control;

import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What is asked about the replication of a guest.
 *
 * @param backups wished for; only where protection is asked for
 * @param to the host that the guest is to run on; null for whichever is best
 * @param fromDisk whether the guest is to boot there from its disks, its memory given up
 */
public record ReplicationRequest(Verb verb, int backups, @Nullable String to, boolean fromDisk) {
  /** What is to be done. */
  public enum Verb {
    /** Keep replicas on other hosts. */
    PROTECT("protect"),
    /** Keep none any longer. */
    UNPROTECT("unprotect"),
    /** Let the guest run on another host, which has all of it by then. */
    SWITCHOVER("switchover"),
    /** Have a backup take over now, whatever the guest's host is doing. */
    FAILOVER("failover");

    private final String text;

    Verb(String text) {
      this.text = text;
    }

    /** As in commands and paths. */
    public String text() {
      return text;
    }
  }

  /** As it is sent to an agent. */
  Map<String, Object> body() {
    Map<String, Object> body = new HashMap<>();
    if (verb == Verb.PROTECT) {
      body.put("backups", backups);
    }
    if (to != null) {
      body.put("to", to);
    }
    if (fromDisk) {
      body.put("from_disk", true);
    }
    return body;
  }

  /** So many backups. */
  public static ReplicationRequest protect(int backups) {
    return new ReplicationRequest(Verb.PROTECT, backups, null, false);
  }

  /** No backups. */
  public static ReplicationRequest unprotect() {
    return new ReplicationRequest(Verb.UNPROTECT, 0, null, false);
  }

  /** To another host, or the best one. */
  public static ReplicationRequest move(Verb verb, @Nullable String to) {
    return new ReplicationRequest(verb, 0, to, false);
  }

  /** From its disks on a host, or on the best one; its memory is given up. */
  public static ReplicationRequest bootFromDisk(@Nullable String to) {
    return new ReplicationRequest(Verb.FAILOVER, 0, to, true);
  }
}
