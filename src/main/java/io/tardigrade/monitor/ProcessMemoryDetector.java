package io.tardigrade.monitor;

import io.tardigrade.guest.Quantities;
import io.tardigrade.monitor.Signal.Kind;
import io.tardigrade.monitor.Signal.Severity;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Sees our own services outgrow the memory they should ever need. Not thread-safe. */
final class ProcessMemoryDetector {
  /** Services that are kept apart at once; more are not watched. */
  static final int SERVICES_MAX = 1024;

  /** Growth alone is no fault below this share of the budget: caches fill. */
  static final double SHARE_MIN = 0.5;

  /** A service is recycled before it reaches its budget, when little is in flight. */
  static final long WARNING_MILLIS = 3_600_000L;

  /** Less growth than this within a window is noise. */
  static final long GAINED_BYTES_MIN = 16L << 20;

  private final Map<ServiceId, Watched> watched = new HashMap<>();

  private record Watched(long pid, GrowthDetector growth) {}

  @Nullable Signal sample(long uptimeMillis, ServiceSample service) {
    if (service.budgetBytes() <= 0 || service.memoryBytes() <= 0) {
      watched.remove(service.id());
      return null;
    }
    Watched known = watched.get(service.id());
    if (known == null || known.pid() != service.pid()) {
      if (watched.size() >= SERVICES_MAX && known == null) {
        return null;
      }
      known = new Watched(service.pid(), GrowthDetector.patient(GAINED_BYTES_MIN));
      watched.put(service.id(), known);
    }
    long used = service.memoryBytes();
    long budget = service.budgetBytes();
    GrowthDetector.@Nullable Prediction prediction =
        known.growth().sample(uptimeMillis, (double) used, (double) (budget - used));
    String now =
        "the " + service.id().text() + " holds " + Quantities.bytes(used) + " of its own memory";
    if (used > budget) {
      return Signal.ofService(
          Kind.PROCESS_MEMORY_GROWTH,
          Severity.CRITICAL,
          service.id(),
          now + ", more than the " + Quantities.bytes(budget) + " that it should ever need");
    }
    if (prediction != null
        && prediction.leftMillis() <= WARNING_MILLIS
        && used >= SHARE_MIN * budget) {
      return Signal.ofService(
          Kind.PROCESS_MEMORY_GROWTH,
          Severity.WARNING,
          service.id(),
          now
              + " and will hold more than the "
              + Quantities.bytes(budget)
              + " that it should ever need in "
              + Words.span(prediction.leftMillis()));
    }
    return null;
  }
}
