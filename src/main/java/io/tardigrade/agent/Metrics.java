package io.tardigrade.agent;

import io.tardigrade.care.CareMetrics;
import io.tardigrade.care.HostCare;
import io.tardigrade.guest.GuestStatus;
import io.tardigrade.monitor.MetricSample;
import io.tardigrade.monitor.MetricText;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/** All figures of a host, as Prometheus asks for them. Any thread. */
final class Metrics implements Routes.Figures {
  private final HostCare care;

  Metrics(HostCare care) {
    this.care = care;
  }

  @Override
  public String text() throws IOException {
    List<MetricSample> list = new ArrayList<>(care.metrics());
    for (GuestStatus guest : care.guests().all()) {
      CareMetrics.add(list, guest);
    }
    return MetricText.write(list);
  }
}
