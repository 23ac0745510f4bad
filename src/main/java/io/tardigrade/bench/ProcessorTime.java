package io.tardigrade.bench;

import io.tardigrade.guest.GuestStatus;
import io.tardigrade.netlab.NamespaceHost;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/**
 * Time on processors that a guest has taken on each host, its guardian's and its hypervisors'. In a
 * lab all hosts share the processors of one machine.
 *
 * @param secondsByHost since the processes began
 */
record ProcessorTime(Map<String, Double> secondsByHost) {
  static ProcessorTime of(ClusterBed bed, ClusterGuest guest) throws IOException {
    Map<String, Double> seconds = new LinkedHashMap<>();
    for (NamespaceHost host : bed.hosts()) {
      Optional<Long> guardian =
          guest.status(host).map(GuestStatus::guardian).map(GuestStatus.ProcessStatus::pid);
      if (guardian.isPresent()) {
        double sum = ProcFile.cpuSeconds(guardian.get());
        for (long child : ProcFile.children(guardian.get())) {
          sum += ProcFile.cpuSeconds(child);
        }
        seconds.put(host.name(), sum);
      }
    }
    return new ProcessorTime(seconds);
  }

  /** What was taken since an earlier look. */
  ProcessorTime since(ProcessorTime before) {
    Map<String, Double> seconds = new LinkedHashMap<>();
    secondsByHost.forEach(
        (host, now) -> seconds.put(host, now - before.secondsByHost.getOrDefault(host, now)));
    return new ProcessorTime(seconds);
  }

  double of(String host) {
    return secondsByHost.getOrDefault(host, 0.0);
  }

  double ofOthers(String host) {
    return secondsByHost.entrySet().stream()
        .filter(each -> !each.getKey().equals(host))
        .mapToDouble(Map.Entry::getValue)
        .sum();
  }
}
