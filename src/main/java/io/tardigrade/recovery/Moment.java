package io.tardigrade.recovery;

/**
 * A time that can be compared across resets. Within one boot the uptime counts, which nobody can
 * set; only from one boot to another is the wall clock believed, and never to make something
 * younger than this boot.
 *
 * @param unixMillis the wall clock
 * @param uptimeMillis since this OS booted
 * @param bootId of this OS, new with every boot
 */
public record Moment(long unixMillis, long uptimeMillis, String bootId) {
  /** How long ago this was at {@code now}; never negative. */
  long ageMillis(Moment now) {
    if (bootId.equals(now.bootId)) {
      return Math.max(0, now.uptimeMillis - uptimeMillis);
    }
    return Math.max(Math.max(0, now.uptimeMillis), now.unixMillis - unixMillis);
  }

  boolean isWithin(long millis, Moment now) {
    return ageMillis(now) < millis;
  }

  boolean isOfThisBoot(Moment now) {
    return bootId.equals(now.bootId);
  }
}
