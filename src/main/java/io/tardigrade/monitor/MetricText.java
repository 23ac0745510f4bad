package io.tardigrade.monitor;

import io.prometheus.metrics.core.metrics.CounterWithCallback;
import io.prometheus.metrics.core.metrics.GaugeWithCallback;
import io.prometheus.metrics.expositionformats.PrometheusTextFormatWriter;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;

/** Figures in Prometheus' text exposition format, version 0.0.4. */
public final class MetricText {
  /** For the answer's {@code Content-Type}. */
  public static final String CONTENT_TYPE = PrometheusTextFormatWriter.CONTENT_TYPE;

  private MetricText() {}

  /** Writes samples. Those of one name must be of one type and have the same label names. */
  public static String write(List<MetricSample> samples) {
    PrometheusRegistry registry = new PrometheusRegistry();
    Map<String, List<MetricSample>> byName = new LinkedHashMap<>();
    for (MetricSample sample : samples) {
      byName.computeIfAbsent(sample.name(), n -> new ArrayList<>()).add(sample);
    }
    byName.values().forEach(same -> register(registry, same));
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    try {
      PrometheusTextFormatWriter.create().write(out, registry.scrape());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return out.toString(StandardCharsets.UTF_8);
  }

  private static void register(PrometheusRegistry registry, List<MetricSample> same) {
    MetricSample first = same.getFirst();
    String[] labelNames = new TreeSet<>(first.labels().keySet()).toArray(new String[0]);
    switch (first.type()) {
      case GAUGE ->
          GaugeWithCallback.builder()
              .name(first.name())
              .help(first.help())
              .labelNames(labelNames)
              .callback(callback ->
                  same.forEach(sample -> callback.call(sample.value(), values(sample, labelNames))))
              .register(registry);
      case COUNTER ->
          CounterWithCallback.builder()
              .name(first.name())
              .help(first.help())
              .labelNames(labelNames)
              .callback(callback ->
                  same.forEach(sample -> callback.call(sample.value(), values(sample, labelNames))))
              .register(registry);
    }
  }

  private static String[] values(MetricSample sample, String[] labelNames) {
    String[] values = new String[labelNames.length];
    for (int i = 0; i < labelNames.length; i++) {
      values[i] = sample.labels().getOrDefault(labelNames[i], "");
    }
    return values;
  }
}
