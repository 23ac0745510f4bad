package io.tardigrade.monitor;

import io.tardigrade.monitor.ServiceHealth.Health;
import io.tardigrade.monitor.Signal.Kind;
import io.tardigrade.monitor.Signal.Severity;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Judges whether services live. A watcher that was itself held up knows nothing of the others:
 * after a gap in its own looks, every deadline begins anew, so that a host that stood still for a
 * while does not wake up to recycle all that is sound. Not thread-safe.
 */
final class HeartbeatDetector {
  /** Longer than a checkpoint of a large guest on a loaded host, or a full garbage collection. */
  static final long HUNG_MILLIS = 10_000;

  /** A gap between looks that tells of the watcher's own trouble. */
  static final long GAP_MILLIS = 5_000;

  /** Ten times what a busy host needs to answer. */
  static final long SLOW_MILLIS = 500;

  /** One slow answer is chance. */
  static final int SLOW_ANSWERS = 5;

  private final Map<ServiceId, Integer> slow = new HashMap<>();
  private final Map<ServiceId, Long> answered = new HashMap<>();
  private long lookedMillis = -1;
  private long blindUntilMillis = -1;

  List<ServiceHealth> sample(long now, List<ServiceSample> services, List<Signal> signals) {
    if (lookedMillis >= 0 && (now - lookedMillis > GAP_MILLIS || now < lookedMillis)) {
      blindUntilMillis = now;
    }
    lookedMillis = now;
    List<ServiceHealth> all = new ArrayList<>();
    Set<ServiceId> present = new HashSet<>();
    for (ServiceSample service : services) {
      present.add(service.id());
      all.add(judge(now, service));
      if (isSlow(service)) {
        signals.add(
            Signal.ofService(
                Kind.SLOW_ANSWERS,
                Severity.NOTICE,
                service.id(),
                "the "
                    + service.id().text()
                    + " took "
                    + service.latencyMillis()
                    + " ms for its last answer, and long for the ones before"));
      }
    }
    slow.keySet().retainAll(present);
    answered.keySet().retainAll(present);
    return all;
  }

  private ServiceHealth judge(long now, ServiceSample service) {
    long silent = now - Math.max(service.answeredMillis(), blindUntilMillis);
    Health health =
        switch (service.state()) {
          case ENDED -> Health.FAILED;
          case STUCK -> Health.STUCK;
          case RUNNING -> silent >= HUNG_MILLIS ? Health.HUNG : Health.HEALTHY;
        };
    String said = service.detail().isEmpty() ? "" : ": " + service.detail();
    String detail =
        switch (health) {
          case HEALTHY -> "answers";
          case FAILED -> "has ended" + said;
          case HUNG -> "lives but has not answered for " + Words.span(HUNG_MILLIS) + said;
          case STUCK -> "is stuck in the kernel, where no signal reaches it" + said;
        };
    return new ServiceHealth(service.id(), health, detail);
  }

  private boolean isSlow(ServiceSample service) {
    Long before = answered.put(service.id(), service.answeredMillis());
    boolean fresh = before == null || before != service.answeredMillis();
    if (service.latencyMillis() <= SLOW_MILLIS) {
      slow.remove(service.id());
    } else if (fresh) {
      slow.merge(service.id(), 1, Integer::sum);
    }
    return slow.getOrDefault(service.id(), 0) >= SLOW_ANSWERS;
  }
}
