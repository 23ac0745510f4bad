package io.tardigrade.guardian;

import io.tardigrade.linux.UnixSocket;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.time.Instant;

/**
 * Keeps the guest's wall clock right. A paused guest's time stands still, so its clock falls behind
 * by every pause and every blackout; an agent inside the guest is told the time, with the command
 * {@code guest-set-time} of the QEMU guest agent's protocol (one JSON object a line), which full
 * VMs know as well. Main thread only.
 */
final class GuestClock {
  /** A clock this far behind is set. */
  static final long LAG_NANOS_MAX = 10_000_000;

  private static final long INTERVAL_NANOS_MIN = 1_000_000_000;

  /** An agent that has not answered by then is taken for absent, and asked again. */
  private static final long ANSWER_NANOS_MAX = 10_000_000_000L;

  private final MemorySegment received = Arena.ofAuto().allocate(4096);
  private long lagNanos;
  private long askedAtNanos;
  private boolean asked;
  private boolean everAsked;

  /** The guest stood still for {@code nanos}. */
  void stoodStill(long nanos) {
    lagNanos += nanos;
  }

  /**
   * A new hypervisor: what was asked of the one before is void, and the lag is unknown but large.
   */
  void resumed() {
    lagNanos = Long.MAX_VALUE / 2;
    asked = false;
    everAsked = false;
  }

  /** Tells the guest the time if its clock is due. */
  void tick(UnixSocket control, long nowNanos) throws IOException {
    boolean early = everAsked && nowNanos - askedAtNanos < INTERVAL_NANOS_MIN;
    boolean waiting = asked && nowNanos - askedAtNanos < ANSWER_NANOS_MAX;
    if (lagNanos < LAG_NANOS_MAX || early || waiting) {
      return;
    }
    Instant now = Instant.now();
    long epochNanos = now.getEpochSecond() * 1_000_000_000L + now.getNano();
    byte[] line =
        ("{\"execute\":\"guest-set-time\",\"arguments\":{\"time\":" + epochNanos + "}}\n")
            .getBytes(StandardCharsets.US_ASCII);
    try (Arena arena = Arena.ofConfined()) {
      long sent = control.writeNow(arena.allocateFrom(ValueLayout.JAVA_BYTE, line));
      // A line not taken whole spoils the next one, which the agent then refuses; the one after it
      // is whole.
      if (sent > 0) {
        asked = true;
        everAsked = true;
        askedAtNanos = nowNanos;
        lagNanos = 0;
      }
    }
  }

  /** Reads answers; what they say does not matter. False where the channel is closed. */
  boolean readAnswers(UnixSocket control) throws IOException {
    long n = control.readNow(received);
    if (n > 0) {
      asked = false;
    }
    return n != 0;
  }
}
