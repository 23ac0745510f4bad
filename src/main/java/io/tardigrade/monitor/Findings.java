package io.tardigrade.monitor;

import java.util.List;

/**
 * What all monitors make of a sample.
 *
 * @param signals all that hold now, the gravest first
 * @param metrics every figure that the signals come from, and every signal
 */
public record Findings(
    List<Signal> signals, List<ServiceHealth> services, List<MetricSample> metrics) {
  public Findings {
    signals = List.copyOf(signals);
    services = List.copyOf(services);
    metrics = List.copyOf(metrics);
  }
}
