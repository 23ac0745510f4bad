package io.tardigrade.monitor;

/**
 * How a service is.
 *
 * @param detail why it is judged so, for people
 */
public record ServiceHealth(ServiceId id, Health health, String detail) {
  /** In order of badness. */
  public enum Health {
    HEALTHY,
    /** Its process has ended. */
    FAILED,
    /** Its process lives and does not answer. */
    HUNG,
    /** Not even the kernel can end it. */
    STUCK;

    /** As a metric shows it. */
    int code() {
      return switch (this) {
        case HEALTHY -> 0;
        case FAILED -> 1;
        case HUNG -> 2;
        case STUCK -> 3;
      };
    }
  }
}
