package io.tardigrade.monitor;

import io.tardigrade.guest.Quantities;
import io.tardigrade.monitor.Signal.Kind;
import io.tardigrade.monitor.Signal.Severity;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** Judges space and health of disks. Not thread-safe. */
final class DiskDetector {
  /** Less is not enough for the checkpoints and logs of a busy minute. */
  static final long FREE_BYTES_CRITICAL = 256L << 20;

  static final long FREE_BYTES_WARNING = 2L << 30;
  static final double FREE_SHARE_CRITICAL = 0.03;
  static final double FREE_SHARE_WARNING = 0.1;

  /** A disk that fills up within this is worth a person's look. */
  static final long FULL_MILLIS = 4 * 3_600_000L;

  /** Only where less than this share is free: a disk that is written to is no fault. */
  static final double PREDICTED_SHARE_MAX = 0.3;

  static final long ERRORS_WINDOW_MILLIS = 24 * 3_600_000L;

  /** Disks that are kept apart; more are not watched. */
  static final int DISKS_MAX = 256;

  /** States in which a disk works, of SCSI, NVMe and md. */
  private static final Set<String> SOUND =
      Set.of("", "running", "live", "clean", "active", "connecting", "resetting", "new");

  private final Map<String, Disk> disks = new TreeMap<>();

  private static final class Disk {
    final GrowthDetector growth;
    final RateWindow errors = new RateWindow(ERRORS_WINDOW_MILLIS);
    long errorsSeen = -1;
    DiskSample last;
    GrowthDetector.@Nullable Prediction prediction;

    Disk(DiskSample first) {
      last = first;
      growth = GrowthDetector.quick(Math.max(64L << 20, first.totalBytes() / 200.0));
    }
  }

  List<Signal> sample(long now, List<DiskSample> samples) {
    Map<String, DiskSample> fresh = new HashMap<>();
    for (DiskSample sample : samples) {
      if (disks.size() < DISKS_MAX || disks.containsKey(sample.name())) {
        fresh.put(sample.name(), sample);
        add(now, disks.computeIfAbsent(sample.name(), n -> new Disk(sample)), sample);
      }
    }
    if (!fresh.isEmpty()) {
      // What is no longer there, such as an unmounted file system, has nothing to say.
      disks.keySet().retainAll(fresh.keySet());
    }
    List<Signal> signals = new ArrayList<>();
    for (Disk disk : disks.values()) {
      judgeSpace(disk, signals);
      judgeHealth(now, disk, signals);
    }
    return signals;
  }

  private static void add(long now, Disk disk, DiskSample sample) {
    disk.last = sample;
    if (disk.errorsSeen >= 0) {
      disk.errors.add(now, sample.errors() - disk.errorsSeen);
    }
    disk.errorsSeen = sample.errors();
    if (sample.totalBytes() > 0) {
      disk.prediction =
          disk.growth.sample(
              now, (double) sample.totalBytes() - sample.freeBytes(), (double) sample.freeBytes());
    }
  }

  private static void judgeSpace(Disk disk, List<Signal> signals) {
    DiskSample last = disk.last;
    if (last.totalBytes() <= 0) {
      return;
    }
    double share = (double) last.freeBytes() / last.totalBytes();
    GrowthDetector.@Nullable Prediction prediction = disk.prediction;
    String free =
        last.name()
            + " has "
            + Quantities.bytes(last.freeBytes())
            + " of "
            + Quantities.bytes(last.totalBytes())
            + " free";
    // Both share and bytes, so that neither a huge nor a tiny disk cries early.
    if (last.freeBytes() < FREE_BYTES_CRITICAL && share < FREE_SHARE_CRITICAL) {
      signals.add(Signal.of(Kind.DISK_SPACE, Severity.CRITICAL, last.name(), free));
    } else if (prediction != null
        && prediction.leftMillis() <= FULL_MILLIS
        && share < PREDICTED_SHARE_MAX) {
      signals.add(
          Signal.of(
              Kind.DISK_SPACE,
              Severity.WARNING,
              last.name(),
              free + " and is full in " + Words.span(prediction.leftMillis())));
    } else if (last.freeBytes() < FREE_BYTES_WARNING && share < FREE_SHARE_WARNING) {
      signals.add(Signal.of(Kind.DISK_SPACE, Severity.WARNING, last.name(), free));
    }
  }

  private static void judgeHealth(long now, Disk disk, List<Signal> signals) {
    DiskSample last = disk.last;
    long errors = disk.errors.count(now);
    if (!SOUND.contains(last.state())) {
      signals.add(
          Signal.of(
              Kind.DISK_HEALTH,
              Severity.CRITICAL,
              last.name(),
              last.name() + " is '" + last.state() + "'"));
    } else if (errors > 0) {
      signals.add(
          Signal.of(
              Kind.DISK_HEALTH,
              Severity.WARNING,
              last.name(),
              last.name()
                  + " counted "
                  + Words.count(errors, "error")
                  + " within "
                  + Words.span(ERRORS_WINDOW_MILLIS)));
    }
  }
}
