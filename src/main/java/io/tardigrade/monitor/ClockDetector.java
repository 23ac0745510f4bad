package io.tardigrade.monitor;

import io.tardigrade.monitor.Signal.Kind;
import io.tardigrade.monitor.Signal.Severity;
import org.jspecify.annotations.Nullable;

/**
 * Sees the wall clock being set: it moves against the uptime, which nobody can set. Slewing by an
 * NTP daemon, at most 500 parts in a million, is no jump. Not thread-safe.
 */
final class ClockDetector {
  /** Less is what a daemon may step at its start. */
  static final long NOTICE_MILLIS = 1_000;

  /** Certificates, logs and leases go wrong by this. */
  static final long WARNING_MILLIS = 60_000;

  static final long SHOWN_MILLIS = 3_600_000;

  private long offsetMillis;
  private boolean known;
  private long jumpedAtMillis;
  private long jumpMillis;

  @Nullable Signal sample(long uptimeMillis, long unixMillis) {
    long offset = unixMillis - uptimeMillis;
    long moved = offset - offsetMillis;
    if (known && Math.abs(moved) >= NOTICE_MILLIS) {
      // The largest of the last hour is the one to tell.
      if (jumpMillis == 0 || Math.abs(moved) >= Math.abs(jumpMillis)) {
        jumpMillis = moved;
      }
      jumpedAtMillis = uptimeMillis;
    }
    offsetMillis = offset;
    known = true;
    if (jumpMillis == 0 || uptimeMillis - jumpedAtMillis >= SHOWN_MILLIS) {
      jumpMillis = 0;
      return null;
    }
    String direction = jumpMillis > 0 ? "forward" : "back";
    return Signal.of(
        Kind.CLOCK_JUMP,
        Math.abs(jumpMillis) >= WARNING_MILLIS ? Severity.WARNING : Severity.NOTICE,
        direction,
        "the wall clock was set " + direction + " by " + Words.span(Math.abs(jumpMillis)));
  }
}
