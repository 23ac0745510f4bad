package io.tardigrade.monitor;

import io.tardigrade.monitor.Signal.Kind;
import io.tardigrade.monitor.Signal.Severity;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Judges the kernel's log and its taint. What has damaged the kernel holds until the next boot, all
 * else within a window. Windows go by the records' own times, so an agent that starts anew and
 * reads the log from its beginning comes to the same judgement. Not thread-safe.
 */
final class KernelLogDetector {
  static final long LOCKUP_WINDOW_MILLIS = 600_000;

  /** One may be a slow firmware call or a host that was paused; three are not. */
  static final int LOCKUPS_STORM = 3;

  static final long HUNG_TASK_WINDOW_MILLIS = 1_800_000;
  static final long EVENT_WINDOW_MILLIS = 3_600_000;

  /** Bad sectors come singly; a disk or its path that goes fails at everything. */
  static final int IO_ERRORS_MANY = 10;

  /** Disks, processes and pages that are kept apart; more are not told. */
  static final int SUBJECTS_MAX = 256;

  private static final int TAINT_MACHINE_CHECK = 1 << 4;
  private static final int TAINT_BAD_PAGE = 1 << 5;
  private static final int TAINT_DIED = 1 << 7;

  /** The first of its kind since boot; the others follow from it. */
  private final Map<KernelLogEvent.Type, Seen> lasting = new EnumMap<>(KernelLogEvent.Type.class);

  private final RateWindow softLockups = new RateWindow(LOCKUP_WINDOW_MILLIS);
  private final RateWindow warnings = new RateWindow(EVENT_WINDOW_MILLIS);
  private final RateWindow machineChecks = new RateWindow(EVENT_WINDOW_MILLIS);
  private final Map<String, RateWindow> hungTasks = new TreeMap<>();
  private final Map<String, RateWindow> killed = new TreeMap<>();
  private final Map<String, RateWindow> ioErrors = new TreeMap<>();
  private final Map<String, Seen> fileSystems = new TreeMap<>();
  private final Map<String, Seen> lostPages = new TreeMap<>();
  private final RateWindow isolatedPages = new RateWindow(24 * EVENT_WINDOW_MILLIS);
  private long taint;

  private record Seen(String text, long pid) {}

  List<Signal> sample(
      long now, List<KernelRecord> records, OptionalLong taintNow, List<ServiceSample> services) {
    taintNow.ifPresent(value -> taint = value);
    for (KernelRecord record : records) {
      Optional<KernelLogEvent> event = KernelLogEvent.of(record);
      event.ifPresent(e -> note(record, e));
    }
    List<Signal> signals = new ArrayList<>();
    addDamage(signals);
    addLockups(now, signals);
    addMemory(now, services, signals);
    addDisks(now, signals);
    addTasks(now, signals);
    return signals;
  }

  private void note(KernelRecord record, KernelLogEvent event) {
    long at = record.uptimeMillis();
    Seen seen = new Seen(record.text(), event.pid());
    switch (event.kind()) {
      case PANIC, OOPS, CORRUPTION, HARD_LOCKUP, PAGE_KEPT ->
          lasting.putIfAbsent(event.kind(), seen);
      case SOFT_LOCKUP -> softLockups.add(at, 1);
      case WARNING -> warnings.add(at, 1);
      case MACHINE_CHECK -> machineChecks.add(at, 1);
      case HUNG_TASK -> window(hungTasks, event.subject(), HUNG_TASK_WINDOW_MILLIS, at);
      case OUT_OF_MEMORY -> window(killed, event.subject(), EVENT_WINDOW_MILLIS, at);
      case IO_ERROR -> window(ioErrors, event.subject(), EVENT_WINDOW_MILLIS, at);
      case FILE_SYSTEM_ERROR -> keep(fileSystems, event.subject(), seen);
      case PAGE_LOST -> keep(lostPages, event.subject(), seen);
      case PAGE_ISOLATED -> isolatedPages.add(at, 1);
    }
  }

  private static void window(
      Map<String, RateWindow> windows, String subject, long millis, long at) {
    if (windows.size() < SUBJECTS_MAX || windows.containsKey(subject)) {
      windows.computeIfAbsent(subject, s -> new RateWindow(millis)).add(at, 1);
    }
  }

  private static void keep(Map<String, Seen> kept, String subject, Seen seen) {
    if (kept.size() < SUBJECTS_MAX) {
      kept.putIfAbsent(subject, seen);
    }
  }

  private void addDamage(List<Signal> signals) {
    @Nullable Seen oops = first(KernelLogEvent.Type.PANIC, KernelLogEvent.Type.OOPS);
    @Nullable Seen corruption = first(KernelLogEvent.Type.CORRUPTION);
    if (oops != null) {
      signals.add(damaged("the kernel has oopsed: '" + oops.text() + "'"));
    } else if (corruption != null) {
      signals.add(damaged("the kernel found its memory damaged: '" + corruption.text() + "'"));
    } else if ((taint & (TAINT_DIED | TAINT_BAD_PAGE)) != 0) {
      signals.add(
          damaged(
              "the kernel says that it has oopsed or met a bad page (taint "
                  + taint
                  + "), though its log no longer shows where"));
    }
    @Nullable Seen hard = first(KernelLogEvent.Type.HARD_LOCKUP);
    if (hard != null) {
      signals.add(
          Signal.ofHost(
              Kind.HARD_LOCKUP,
              Severity.CRITICAL,
              "a processor took no interrupts: '" + hard.text() + "'"));
    }
  }

  private static Signal damaged(String sentence) {
    return Signal.ofHost(Kind.KERNEL_OOPS, Severity.CRITICAL, sentence);
  }

  private @Nullable Seen first(KernelLogEvent.Type... types) {
    for (KernelLogEvent.Type type : types) {
      Seen seen = lasting.get(type);
      if (seen != null) {
        return seen;
      }
    }
    return null;
  }

  private void addLockups(long now, List<Signal> signals) {
    long lockups = softLockups.count(now);
    if (lockups > 0) {
      signals.add(
          Signal.ofHost(
              Kind.SOFT_LOCKUP,
              lockups >= LOCKUPS_STORM ? Severity.CRITICAL : Severity.WARNING,
              Words.count(lockups, "lockup")
                  + " of a processor within "
                  + Words.span(LOCKUP_WINDOW_MILLIS)));
    }
    long warned = warnings.count(now);
    if (warned > 0) {
      signals.add(
          Signal.ofHost(
              Kind.KERNEL_WARNING,
              Severity.NOTICE,
              "the kernel warned of itself "
                  + Words.times(warned)
                  + " within "
                  + Words.span(EVENT_WINDOW_MILLIS)));
    }
  }

  private void addMemory(long now, List<ServiceSample> services, List<Signal> signals) {
    @Nullable Seen kept = first(KernelLogEvent.Type.PAGE_KEPT);
    if (kept != null) {
      signals.add(
          Signal.ofHost(
              Kind.UNCORRECTED_MEMORY_ERROR,
              Severity.CRITICAL,
              "the kernel goes on using a page of memory that is lost: '" + kept.text() + "'"));
    }
    lostPages.forEach((page, seen) -> {
      for (ServiceSample service : services) {
        // A recycled service is another process, whose memory is sound.
        if (service.pid() == seen.pid() && seen.pid() > 0) {
          signals.add(
              Signal.ofService(
                  Kind.UNCORRECTED_MEMORY_ERROR,
                  Severity.CRITICAL,
                  service.id(),
                  "physical page "
                      + page
                      + ", of the "
                      + service.id().text()
                      + ", was lost to an uncorrected memory error"));
        }
      }
    });
    long pages = isolatedPages.count(now);
    if (pages > 0) {
      signals.add(
          Signal.of(
              Kind.UNCORRECTED_MEMORY_ERROR,
              Severity.WARNING,
              "pages",
              Words.count(pages, "page")
                  + " of memory had uncorrected errors and went out of use within "
                  + Words.span(24 * EVENT_WINDOW_MILLIS)));
    }
    long checks = machineChecks.count(now);
    if (checks > 0 || (taint & TAINT_MACHINE_CHECK) != 0) {
      signals.add(
          Signal.ofHost(
              Kind.MACHINE_CHECK,
              Severity.WARNING,
              checks > 0
                  ? Words.count(checks, "machine check")
                      + " within "
                      + Words.span(EVENT_WINDOW_MILLIS)
                  : "there has been a machine check since boot (taint " + taint + ")"));
    }
  }

  private void addDisks(long now, List<Signal> signals) {
    ioErrors.forEach((disk, window) -> {
      long errors = window.count(now);
      if (errors > 0) {
        signals.add(
            Signal.of(
                Kind.IO_ERROR,
                errors >= IO_ERRORS_MANY ? Severity.CRITICAL : Severity.WARNING,
                disk,
                Words.count(errors, "I/O error")
                    + " on "
                    + disk
                    + " within "
                    + Words.span(EVENT_WINDOW_MILLIS)));
      }
    });
    fileSystems.forEach((device, seen) ->
        signals.add(
            Signal.of(
                Kind.FILE_SYSTEM_ERROR,
                Severity.CRITICAL,
                device,
                "the file system on " + device + " found itself damaged: '" + seen.text() + "'")));
  }

  private void addTasks(long now, List<Signal> signals) {
    hungTasks.forEach((task, window) -> {
      long times = window.count(now);
      if (times > 0) {
        signals.add(
            Signal.of(
                Kind.HUNG_TASK,
                Severity.WARNING,
                task,
                "task '"
                    + task
                    + "' is stuck in the kernel, reported "
                    + Words.times(times)
                    + " within "
                    + Words.span(HUNG_TASK_WINDOW_MILLIS)));
      }
    });
    killed.forEach((process, window) -> {
      long times = window.count(now);
      if (times > 0) {
        signals.add(
            Signal.of(
                Kind.OUT_OF_MEMORY,
                Severity.WARNING,
                process,
                "the kernel ran out of memory and killed '"
                    + process
                    + "', "
                    + Words.times(times)
                    + " within "
                    + Words.span(EVENT_WINDOW_MILLIS)));
      }
    });
  }
}
