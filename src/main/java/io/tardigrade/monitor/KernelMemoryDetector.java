package io.tardigrade.monitor;

import io.tardigrade.guest.Quantities;
import io.tardigrade.monitor.Signal.Kind;
import io.tardigrade.monitor.Signal.Severity;
import org.jspecify.annotations.Nullable;

/** Sees the kernel's own memory grow, and when it will run out. Not thread-safe. */
final class KernelMemoryDetector {
  /** A working day: time for a person to look at it. */
  static final long WARNING_MILLIS = 24 * 3_600_000L;

  /** Diagnosis and reset need minutes; the rest is for the prediction being wrong. */
  static final long CRITICAL_MILLIS = 3_600_000L;

  /**
   * No alarm while more than this share of memory is available: caches and starting guests grow the
   * kernel for a while on a host that has room for it.
   */
  static final double AVAILABLE_SHARE_MAX = 0.5;

  /** The same for {@link Severity#CRITICAL}. */
  static final double CRITICAL_AVAILABLE_SHARE_MAX = 0.25;

  /** Less growth than this within a window is noise. */
  static final long GAINED_BYTES_MIN = 48L << 20;

  private final GrowthDetector growth = GrowthDetector.quick(GAINED_BYTES_MIN);

  @Nullable Signal sample(long uptimeMillis, MemInfo memory) {
    GrowthDetector.@Nullable Prediction prediction =
        growth.sample(
            uptimeMillis, (double) memory.kernelBytes(), (double) memory.availableBytes());
    double available = (double) memory.availableBytes() / Math.max(1, memory.totalBytes());
    if (prediction == null
        || prediction.leftMillis() > WARNING_MILLIS
        || available > AVAILABLE_SHARE_MAX) {
      return null;
    }
    boolean critical =
        prediction.leftMillis() <= CRITICAL_MILLIS && available <= CRITICAL_AVAILABLE_SHARE_MAX;
    return Signal.ofHost(
        Kind.KERNEL_MEMORY_GROWTH,
        critical ? Severity.CRITICAL : Severity.WARNING,
        "kernel memory, now "
            + Quantities.bytes(memory.kernelBytes())
            + ", has grown by "
            + Quantities.bytes((long) (prediction.perSecond() * 60))
            + " a minute for "
            + Words.span(prediction.watchedMillis())
            + "; the "
            + Quantities.bytes(memory.availableBytes())
            + " left run out in "
            + Words.span(prediction.leftMillis()));
  }
}
