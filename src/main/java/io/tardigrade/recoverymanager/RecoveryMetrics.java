package io.tardigrade.recoverymanager;

import io.tardigrade.guest.GuestStatus;
import io.tardigrade.monitor.MetricSample;
import io.tardigrade.recovery.Decision.Step;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** What the recovery manager and the guardians have to show as figures. */
public final class RecoveryMetrics {
  private static final String PREFIX = "tardigrade_";

  private RecoveryMetrics() {}

  /** The manager's own. */
  record Figures(
      Map<Step, Long> decisions,
      boolean maintenance,
      boolean armed,
      long failedResets,
      long looks,
      double lookSeconds) {}

  static void add(List<MetricSample> list, Figures figures) {
    for (Step step :
        List.of(Step.ADVISE, Step.RECYCLE, Step.SWITCH_OVER, Step.DIAGNOSE, Step.RESET)) {
      list.add(
          new MetricSample(
              PREFIX + "decisions_total",
              "Decisions of the recovery ladder that were acted on, by this agent.",
              MetricSample.Type.COUNTER,
              Map.of("step", step.name().toLowerCase(Locale.ROOT)),
              (double) figures.decisions().getOrDefault(step, 0L)));
    }
    gauge(list, "maintenance", "1 while the ladder only advises.", figures.maintenance() ? 1 : 0);
    gauge(
        list,
        "preserved_armed",
        "1 where the operating system could be reset beneath the guests.",
        figures.armed() ? 1 : 0);
    gauge(
        list,
        "resets_failed",
        "Resets that failed and that no operator has acknowledged.",
        (double) figures.failedResets());
    list.add(
        new MetricSample(
            PREFIX + "looks_total",
            "Looks of this agent at its host.",
            MetricSample.Type.COUNTER,
            Map.of(),
            (double) figures.looks()));
    list.add(
        new MetricSample(
            PREFIX + "monitor_seconds_total",
            "What they have cost: processor time of reading, and time of judging and deciding.",
            MetricSample.Type.COUNTER,
            Map.of(),
            figures.lookSeconds()));
  }

  private static void gauge(List<MetricSample> list, String name, String help, double value) {
    list.add(new MetricSample(PREFIX + name, help, MetricSample.Type.GAUGE, Map.of(), value));
  }

  /** Those of a guest. */
  public static void add(List<MetricSample> list, GuestStatus guest) {
    Map<String, String> label = Map.of("guest", guest.name());
    Guest figures = new Guest(list, label);
    figures.gauge(
        "state",
        "0 stopped, 1 starting, 2 running and protected, 3 unprotected, 4 recovering, 5 failed.",
        switch (guest.state()) {
          case STOPPED -> 0;
          case STARTING -> 1;
          case RUNNING -> 2;
          case UNPROTECTED -> 3;
          case RECOVERING -> 4;
          case FAILED -> 5;
          case BACKUP -> 6;
        });
    figures.gauge(
        "unprotected",
        "1 where the guest runs and a failure now would restart it from its disk.",
        guest.state() == GuestStatus.State.UNPROTECTED ? 1 : 0);
    figures.gauge(
        "spare_ready", "1 where the next hypervisor stands ready.", guest.spareReady() ? 1 : 0);
    figures.gauge("memory_bytes", "RAM of the guest.", (double) guest.memoryBytes());
    if (guest.place() != null) {
      figures.gauge(
          "image_preserved",
          "1 where its committed image lies in memory that outlives the host's operating system.",
          guest.place().equals("preserved") ? 1 : 0);
    }
    GuestStatus.Protection protection = guest.protection();
    figures.gauge(
        "committed_epoch", "Newest committed epoch.", (double) protection.committedEpoch());
    figures.quantiles(
        "pause_seconds",
        "How long the guest stood still per checkpoint",
        protection.pauseSeconds());
    figures.quantiles(
        "hold_seconds", "How long frames waited for their commit", protection.holdSeconds());
    figures.quantiles("dirty_pages", "Pages per checkpoint", protection.dirtyPages());
    figures.counter(
        "checkpoints_total",
        "Checkpoints since the guardian started.",
        (double) protection.pauseSeconds().count());
    figures.counter(
        "shipped_bytes_total",
        "Pages and device state committed since the guardian started.",
        (double) protection.shippedBytes());
    figures.gauge(
        "frames_held",
        "Frames that wait for the commit of their epoch.",
        (double) protection.framesHeld());
    GuestStatus.@Nullable Scrub scrub = protection.scrub();
    if (scrub != null) {
      figures.counter(
          "scrubbed_pages_total",
          "Pages checked for flipped bits since the guardian started.",
          (double) scrub.pages());
      figures.counter(
          "corrupted_pages_total",
          "Pages found to have changed without being written.",
          (double) scrub.corruptions());
      figures.counter("repaired_pages_total", "Of those, repaired.", (double) scrub.repaired());
      figures.gauge(
          "scrub_bytes_per_second",
          "How much memory is to be checked in a second; 0 where that is off.",
          (double) scrub.bytesPerSecond());
      figures.counter(
          "scrub_passes_total",
          "Checks of all of the guest's memory since the guardian started.",
          (double) scrub.passes());
      figures.known("scrub_pass_seconds", "How long the last of them took.", scrub.passSeconds());
    }
    figures.counter(
        "recoveries_total",
        "Recoveries since the guest was made.",
        (double) guest.recoveries().count());
    figures.known(
        "last_blackout_seconds",
        "How long the guest stood still at its last recovery.",
        guest.recoveries().lastBlackoutSeconds());
    figures.process("hypervisor", guest.hypervisor());
    figures.process("guardian", guest.guardian());
  }

  private record Guest(List<MetricSample> list, Map<String, String> label) {
    void gauge(String name, String help, double value) {
      add(name, help, MetricSample.Type.GAUGE, label, value);
    }

    void counter(String name, String help, double value) {
      add(name, help, MetricSample.Type.COUNTER, label, value);
    }

    void known(String name, String help, @Nullable Double value) {
      if (value != null) {
        gauge(name, help, value);
      }
    }

    void quantiles(String name, String help, GuestStatus.Quantiles quantiles) {
      quantile(name, help, "0.5", quantiles.p50());
      quantile(name, help, "0.99", quantiles.p99());
    }

    private void quantile(String name, String help, String quantile, @Nullable Double value) {
      if (value != null) {
        add(
            name,
            help + ", since the guardian started.",
            MetricSample.Type.GAUGE,
            Map.of("guest", label.getOrDefault("guest", ""), "quantile", quantile),
            value);
      }
    }

    void process(String role, GuestStatus.ProcessStatus process) {
      Long bytes = process.memoryBytes();
      if (bytes != null) {
        add(
            "process_resident_bytes",
            "Resident memory of a process of the guest, shared pages counted.",
            MetricSample.Type.GAUGE,
            Map.of("guest", label.getOrDefault("guest", ""), "service", role),
            (double) bytes);
      }
    }

    private void add(
        String name,
        String help,
        MetricSample.Type type,
        Map<String, String> labels,
        double value) {
      list.add(new MetricSample(PREFIX + "guest_" + name, help, type, labels, value));
    }
  }
}
