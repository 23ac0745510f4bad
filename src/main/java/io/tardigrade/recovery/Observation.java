package io.tardigrade.recovery;

import io.tardigrade.monitor.ServiceHealth;
import io.tardigrade.monitor.Signal;
import java.util.List;

/**
 * All that the ladder decides upon, besides the {@link History}.
 *
 * @param maintenance an operator is at work: nothing is done, only advised
 */
public record Observation(
    Moment now,
    boolean maintenance,
    Preserved preserved,
    List<ServiceHealth> services,
    List<Signal> signals,
    List<GuestFate> guests) {
  public Observation {
    services = List.copyOf(services);
    signals = List.copyOf(signals);
    guests = List.copyOf(guests);
  }
}
