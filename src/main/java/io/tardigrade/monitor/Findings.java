package io.tardigrade.monitor;

import java.util.List;

/**
 * What all monitors make of a sample.
 *
 * @param signals all that hold now, the gravest first
 */
public record Findings(List<Signal> signals, List<ServiceHealth> services) {
  public Findings {
    signals = List.copyOf(signals);
    services = List.copyOf(services);
  }
}
