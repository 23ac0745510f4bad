package io.tardigrade.monitor;

/** Whether something has held without a break for a while. Not thread-safe. */
final class Sustained {
  private final long requiredMillis;
  private long sinceMillis = -1;

  Sustained(long requiredMillis) {
    this.requiredMillis = requiredMillis;
  }

  boolean sample(long uptimeMillis, boolean holds) {
    if (!holds || uptimeMillis < sinceMillis) {
      sinceMillis = holds ? uptimeMillis : -1;
      return false;
    }
    if (sinceMillis < 0) {
      sinceMillis = uptimeMillis;
    }
    return uptimeMillis - sinceMillis >= requiredMillis;
  }
}
