package io.tardigrade.guardian;

import io.tardigrade.guest.GuestSpec;
import io.tardigrade.network.Announcement;
import io.tardigrade.network.Ipv4;
import io.tardigrade.network.Mac;
import io.tardigrade.network.Tap;
import java.io.IOException;
import java.util.function.BooleanSupplier;

/** Sends a guest's {@link Announcement} while the guest is served here. */
final class Announcing {
  private static final long NANOS_PER_MILLI = 1_000_000;

  private Announcing() {}

  /** Begins, on a thread of its own, and ends by itself. */
  static void begin(Tap tap, GuestSpec spec, BooleanSupplier over) {
    Announcement announcement =
        new Announcement(Ipv4.parse(spec.address()), Mac.parse(spec.mac()), System.nanoTime());
    Thread.ofVirtual().name("announcing").start(() -> announce(tap, announcement, over));
  }

  private static void announce(Tap tap, Announcement announcement, BooleanSupplier over) {
    try {
      while (!over.getAsBoolean() && !announcement.sendWhenDue(tap::write, System.nanoTime())) {
        long leftNanos = announcement.nanosLeft(System.nanoTime());
        Thread.sleep(leftNanos / NANOS_PER_MILLI + 1);
      }
    } catch (IOException e) {
      Log.warn("announcing the guest: " + e.getMessage());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
