package io.tardigrade.monitor;

import java.util.Map;

/**
 * One figure for Prometheus.
 *
 * @param name with prefix and base unit; a counter's ends in {@code _total}
 * @param help for people, with the legend of a state
 * @param labels in order
 */
public record MetricSample(
    String name, String help, Type type, Map<String, String> labels, double value) {
  /** How it moves. */
  public enum Type {
    GAUGE,
    COUNTER
  }
}
