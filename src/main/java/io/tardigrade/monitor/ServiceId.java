package io.tardigrade.monitor;

import java.util.Locale;

/**
 * A process of ours on the host.
 *
 * @param guest whose it is; empty for the agent
 */
public record ServiceId(Role role, String guest) {
  /** What it does. */
  public enum Role {
    AGENT,
    GUARDIAN,
    HYPERVISOR;

    String text() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  /** The host's agent. */
  public static final ServiceId AGENT = new ServiceId(Role.AGENT, "");

  /** The guardian of a guest. */
  public static ServiceId guardian(String guest) {
    return new ServiceId(Role.GUARDIAN, guest);
  }

  /** The hypervisor of a guest. */
  public static ServiceId hypervisor(String guest) {
    return new ServiceId(Role.HYPERVISOR, guest);
  }

  /** For people: {@code agent}, {@code guardian of kv}. */
  public String text() {
    return guest.isEmpty() ? role.text() : role.text() + " of " + guest;
  }
}
