package io.tardigrade.monitor;

import io.tardigrade.monitor.Signal.Kind;
import io.tardigrade.monitor.Signal.Severity;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * Judges EDAC's counters, module by module. A module with corrected errors is far more likely to
 * have an uncorrected one soon: 9 to 400 times, by B. Schroeder, E. Pinheiro, W.-D. Weber, "DRAM
 * errors in the wild", SIGMETRICS 2009. No reset heals it, so it leads to advice. Not thread-safe.
 */
final class MemoryErrorDetector {
  static final long WINDOW_MILLIS = 24 * 3_600_000L;

  /** What mcelog takes for a sound server module's limit as well. */
  static final long CORRECTED_MAX = 10;

  static final long STORM_WINDOW_MILLIS = 600_000;

  /** Not a stray bit any more: a row, a chip or a bus is going. */
  static final long STORM_CORRECTED = 100;

  /** Modules that are kept apart; more are not watched. */
  static final int MODULES_MAX = 1024;

  private final Map<String, Module> modules = new TreeMap<>();

  private static final class Module {
    long corrected = -1;
    long uncorrected = -1;
    final RateWindow day = new RateWindow(WINDOW_MILLIS);
    final RateWindow storm = new RateWindow(STORM_WINDOW_MILLIS);
    final RateWindow lost = new RateWindow(WINDOW_MILLIS);
  }

  /**
   * Takes a look at all counters; empty where this look had none.
   *
   * <p>The counters begin at zero when the driver is loaded, so the first look counts as well,
   * though in the day only: nobody knows how fast those errors came.
   */
  List<Signal> sample(long uptimeMillis, List<EdacCount> counts) {
    for (EdacCount count : counts) {
      if (modules.size() < MODULES_MAX || modules.containsKey(count.module())) {
        add(uptimeMillis, modules.computeIfAbsent(count.module(), m -> new Module()), count);
      }
    }
    List<Signal> signals = new ArrayList<>();
    modules.forEach((label, module) -> judge(uptimeMillis, label, module, signals));
    return signals;
  }

  private static void add(long uptimeMillis, Module module, EdacCount count) {
    boolean first = module.corrected < 0;
    // A counter that went back was reset by somebody: it counts from zero again.
    long corrected = count.corrected() - Math.max(0, module.corrected);
    corrected = corrected < 0 ? count.corrected() : corrected;
    long uncorrected = count.uncorrected() - Math.max(0, module.uncorrected);
    uncorrected = uncorrected < 0 ? count.uncorrected() : uncorrected;
    module.day.add(uptimeMillis, corrected);
    module.lost.add(uptimeMillis, uncorrected);
    if (!first) {
      module.storm.add(uptimeMillis, corrected);
    }
    module.corrected = count.corrected();
    module.uncorrected = count.uncorrected();
  }

  private static void judge(long now, String label, Module module, List<Signal> signals) {
    long day = module.day.count(now);
    long storm = module.storm.count(now);
    long lost = module.lost.count(now);
    if (lost > 0) {
      signals.add(
          Signal.of(
              Kind.UNCORRECTED_MEMORY_ERROR,
              Severity.WARNING,
              label,
              "memory module "
                  + label
                  + " had "
                  + Words.count(lost, "uncorrected error")
                  + " within "
                  + Words.span(WINDOW_MILLIS)));
    }
    if (storm >= STORM_CORRECTED) {
      signals.add(
          Signal.of(
              Kind.CORRECTED_MEMORY_ERRORS,
              Severity.CRITICAL,
              label,
              "memory module "
                  + label
                  + " had "
                  + Words.count(storm, "corrected error")
                  + " within "
                  + Words.span(STORM_WINDOW_MILLIS)
                  + ", and an uncorrected one is likely to follow"));
    } else if (day >= CORRECTED_MAX) {
      signals.add(
          Signal.of(
              Kind.CORRECTED_MEMORY_ERRORS,
              Severity.WARNING,
              label,
              "memory module "
                  + label
                  + " had "
                  + Words.count(day, "corrected error")
                  + " within "
                  + Words.span(WINDOW_MILLIS)));
    }
  }
}
