package io.tardigrade.guardian;

import io.tardigrade.guest.GuestSpec;
import io.tardigrade.network.GratuitousArp;
import io.tardigrade.network.Ipv4;
import io.tardigrade.network.Mac;
import io.tardigrade.network.Tap;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.function.BooleanSupplier;

/**
 * Tells the network that a guest is at its device from now on, as the guest would: a frame of its
 * own, which each bridge and switch on the way learns from. Again for a while, for it may be lost.
 */
final class Announcing {
  private static final long[] AGAIN_MILLIS = {0, 30, 100, 300, 1_000, 3_000};

  private Announcing() {}

  /** Begins, on a thread of its own, and ends by itself. */
  static void begin(Tap tap, GuestSpec spec, BooleanSupplier over) {
    byte[] frame = GratuitousArp.frame(Mac.parse(spec.mac()), Ipv4.parse(spec.address()));
    Thread.ofVirtual().name("announcing").start(() -> announce(tap, frame, over));
  }

  private static void announce(Tap tap, byte[] frame, BooleanSupplier over) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment bytes = arena.allocate(frame.length);
      bytes.copyFrom(MemorySegment.ofArray(frame));
      for (long millis : AGAIN_MILLIS) {
        Thread.sleep(millis);
        if (over.getAsBoolean()) {
          return;
        }
        boolean _ = tap.write(bytes);
      }
    } catch (IOException e) {
      Log.warn("announcing the guest: " + e.getMessage());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
