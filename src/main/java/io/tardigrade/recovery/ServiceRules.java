package io.tardigrade.recovery;

import io.tardigrade.monitor.ServiceHealth;
import io.tardigrade.monitor.ServiceHealth.Health;
import io.tardigrade.monitor.ServiceId;
import io.tardigrade.monitor.ServiceId.Role;
import io.tardigrade.monitor.Words;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;

/** What follows from the health of the services. */
final class ServiceRules {
  private final Observation seen;
  private final Judge judge;

  ServiceRules(Observation seen, Judge judge) {
    this.seen = seen;
    this.judge = judge;
  }

  List<Decision> candidates() {
    List<ServiceHealth> failing =
        seen.services().stream()
            .filter(s -> s.health() != Health.HEALTHY && !hasSickGuardian(s.id()))
            .toList();
    List<Decision> candidates = new ArrayList<>();
    List<ServiceHealth> exhausted = new ArrayList<>();
    for (ServiceHealth service : failing) {
      if (service.health() == Health.STUCK) {
        candidates.add(stuck(service));
      } else if (judge.isExhausted(service.id())) {
        exhausted.add(service);
      } else {
        candidates.add(judge.recycle(service.id(), cause(service), List.of(sentence(service))));
      }
    }
    addExhausted(exhausted, candidates);
    return candidates;
  }

  /** A hypervisor ends with its guardian and comes back with the next: only that is recycled. */
  private boolean hasSickGuardian(ServiceId id) {
    return id.role() == Role.HYPERVISOR
        && seen.services().stream()
            .anyMatch(
                s -> s.id().equals(ServiceId.guardian(id.guest())) && s.health() != Health.HEALTHY);
  }

  private static String cause(ServiceHealth service) {
    return service.id().text() + " " + service.health().name().toLowerCase(Locale.ROOT);
  }

  private static String sentence(ServiceHealth service) {
    return "the " + service.id().text() + " " + service.detail();
  }

  private Decision stuck(ServiceHealth service) {
    return judge.reset(
        "service stuck in the kernel",
        List.of(sentence(service), "recycling cannot help: a process that cannot end stays"));
  }

  private void addExhausted(List<ServiceHealth> exhausted, List<Decision> candidates) {
    Set<String> guests = new HashSet<>();
    List<String> reasons = new ArrayList<>();
    for (ServiceHealth service : exhausted) {
      guests.add(service.id().guest());
      reasons.add(sentence(service));
    }
    String tried =
        Words.count(Limits.RECYCLES_MAX, "recycle")
            + " within "
            + Words.span(Limits.RECYCLE_WINDOW_MILLIS)
            + " did not help";
    reasons.add(tried);
    if (guests.size() >= Limits.FAILING_GUESTS_OF_A_SICK_HOST) {
      reasons.add("services of more than one guest fail, so the host is at fault");
      candidates.add(judge.reset("services cannot be kept alive", reasons));
      return;
    }
    for (ServiceHealth service : exhausted) {
      candidates.add(
          judge.diagnoseThenAdvise(
              service.id().text() + " cannot be kept alive",
              "look at the " + service.id().text() + "; its guest is kept as it is",
              List.of(
                  sentence(service),
                  tried,
                  "no other service fails, so the host is not at fault and is not reset")));
    }
  }
}
