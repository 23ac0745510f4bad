package io.tardigrade.coordination;

/**
 * Lets one request of a kind be on its way at a time, and another where that one was not answered
 * for so long that it never will be. Any thread.
 */
final class InFlight {
  /** Returned where a request must not be sent. */
  static final long NOT_NOW = -1;

  private final long patienceNanos;
  private long newest;
  private long sinceNanos;
  private boolean busy;
  private boolean again;

  InFlight(long patienceNanos) {
    this.patienceNanos = patienceNanos;
  }

  /** The number of the request that may be sent now, or {@link #NOT_NOW}, which is remembered. */
  synchronized long begin(long nowNanos) {
    if (busy && nowNanos - sinceNanos <= patienceNanos) {
      again = true;
      return NOT_NOW;
    }
    busy = true;
    again = false;
    sinceNanos = nowNanos;
    return ++newest;
  }

  /** It is answered, or failed; returns whether another one was wanted meanwhile. */
  synchronized boolean end(long number) {
    if (number != newest || !busy) {
      return false;
    }
    busy = false;
    return again;
  }
}
