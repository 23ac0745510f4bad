package io.tardigrade.recovery;

import io.tardigrade.monitor.ServiceHealth;
import io.tardigrade.monitor.Signal;
import java.util.List;

/**
 * All that the ladder decides upon, besides the {@link History}.
 *
 * @param maintenance an operator is at work: nothing is done, only advised
 * @param otherRepair in one line which other host of the cluster is being repaired, or that this
 *     cannot be told; empty where none is
 */
public record Observation(
    Moment now,
    boolean maintenance,
    Preserved preserved,
    List<ServiceHealth> services,
    List<Signal> signals,
    List<GuestFate> guests,
    String otherRepair) {
  public Observation {
    services = List.copyOf(services);
    signals = List.copyOf(signals);
    guests = List.copyOf(guests);
  }
}
