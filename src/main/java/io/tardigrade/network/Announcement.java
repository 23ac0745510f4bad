package io.tardigrade.network;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * Tells the guests' network that a guest is behind this host's TAP device now. The frame enters the
 * bridge as if the guest had sent it: this host's bridge, the other hosts' and every switch between
 * them learn the new way at once, and neighbours renew the address they remember.
 *
 * <p>A frame may be lost, so it is sent again {@link #REPEAT_MILLIS} after the guest took over; who
 * heard one takes no notice of the next.
 */
public final class Announcement {
  /** When to send, counted from the moment at which the guest runs; ascending. */
  private static final long[] REPEAT_MILLIS = {0, 20, 100, 500, 2000};

  private final MemorySegment frame;
  private final long startNanos;
  private int sent;

  /**
   * An announcement that is due from now on.
   *
   * @param nowNanos a clock that {@link #nanosLeft} and {@link #sendWhenDue} are told too
   */
  public Announcement(Ipv4 address, Mac mac, long nowNanos) {
    byte[] bytes = GratuitousArp.frame(mac, address);
    this.frame = Arena.ofAuto().allocate(bytes.length, 8);
    MemorySegment.copy(bytes, 0, frame, ValueLayout.JAVA_BYTE, 0, bytes.length);
    this.startNanos = nowNanos;
  }

  /** Sends one frame through the guest's TAP device; false where the kernel did not take it. */
  public static boolean send(Tap tap, Ipv4 address, Mac mac) throws IOException {
    return tap.write(new Announcement(address, mac, 0).frame);
  }

  /** Nanoseconds until the next frame is due, 0 where one is; {@link Long#MAX_VALUE} at the end. */
  public long nanosLeft(long nowNanos) {
    if (sent == REPEAT_MILLIS.length) {
      return Long.MAX_VALUE;
    }
    return Math.max(0, startNanos + REPEAT_MILLIS[sent] * 1_000_000 - nowNanos);
  }

  /**
   * Sends a frame if one is due; one that the kernel does not take is lost, as on any network.
   *
   * @return whether all have been sent
   */
  public boolean sendWhenDue(Port port, long nowNanos) throws IOException {
    if (nanosLeft(nowNanos) == 0) {
      sent++;
      var _ = port.write(frame);
    }
    return sent == REPEAT_MILLIS.length;
  }

  /** Where frames of the guest enter the bridge: {@link Tap#write}. */
  public interface Port {
    /** Sends a frame; false where it was not taken. */
    boolean write(MemorySegment frame) throws IOException;
  }
}
