package io.tardigrade.agent;

import io.tardigrade.guest.GuestStatus;
import io.tardigrade.monitor.MetricSample;
import io.tardigrade.monitor.MetricText;
import io.tardigrade.recoverymanager.RecoveryManager;
import io.tardigrade.recoverymanager.RecoveryMetrics;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/** All figures of a host, as Prometheus asks for them. Any thread. */
final class Metrics implements Routes.Figures {
  private final RecoveryManager manager;

  Metrics(RecoveryManager manager) {
    this.manager = manager;
  }

  @Override
  public String text() throws IOException {
    List<MetricSample> list = new ArrayList<>(manager.metrics());
    for (GuestStatus guest : manager.guests().all()) {
      RecoveryMetrics.add(list, guest);
    }
    return MetricText.write(list);
  }
}
