package io.tardigrade.qemu;

import java.io.IOException;

/** The hypervisor died or stopped answering; what it was doing has to be taken back. */
public final class HypervisorLostException extends IOException {
  private static final long serialVersionUID = 1L;

  /** How it was lost. */
  public enum Kind {
    /** Its process ended or closed its monitor. */
    DIED,
    /** It did not answer in time. */
    HUNG,
    /** Its guest's memory is damaged, and was not to be repaired in place. */
    DAMAGED
  }

  private final Kind kind;

  public HypervisorLostException(Kind kind, String message) {
    super(message);
    this.kind = kind;
  }

  public Kind kind() {
    return kind;
  }
}
