package io.tardigrade.monitor;

import static org.assertj.core.api.Assertions.assertThat;

import io.tardigrade.monitor.ServiceSample.State;
import io.tardigrade.monitor.Signal.Kind;
import io.tardigrade.monitor.Signal.Severity;
import io.tardigrade.recovery.Decision;
import io.tardigrade.recovery.GuestFate;
import io.tardigrade.recovery.History;
import io.tardigrade.recovery.Ladder;
import io.tardigrade.recovery.Moment;
import io.tardigrade.recovery.Observation;
import io.tardigrade.recovery.Preserved;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Random;
import java.util.zip.GZIPInputStream;
import org.junit.jupiter.api.Test;

/**
 * No alarm on normal load: recorded from a machine that built software and ran emulated hosts, and
 * made up for whole days; and the right alarm as soon as something is wrong beneath the same load.
 */
class NormalLoadTest {
  private static final long GIB = 1L << 30;
  private static final long MIB = 1L << 20;

  /** One sample as it was recorded: columns by name. */
  private static List<Map<String, String>> recorded() throws IOException {
    List<Map<String, String>> rows = new ArrayList<>();
    try (InputStream in = NormalLoadTest.class.getResourceAsStream("recorded-load.csv.gz");
        BufferedReader lines =
            new BufferedReader(
                new InputStreamReader(new GZIPInputStream(in), StandardCharsets.US_ASCII))) {
      String[] names = lines.readLine().split(",");
      for (String line = lines.readLine(); line != null; line = lines.readLine()) {
        String[] values = line.split(",");
        Map<String, String> row = new HashMap<>();
        for (int i = 0; i < names.length; i++) {
          row.put(names[i], values[i]);
        }
        rows.add(row);
      }
    }
    return rows;
  }

  private static String stall(Map<String, String> row, String kind, String prefix) {
    return kind
        + " avg10="
        + row.get(prefix + "10")
        + " avg60="
        + row.get(prefix + "60")
        + " avg300=0.00 total="
        + row.get(prefix + "_total")
        + "\n";
  }

  private static HostSample sample(Map<String, String> row, long leakedKilobytes)
      throws UnreadableException {
    StringBuilder meminfo = new StringBuilder();
    row.forEach((name, value) -> {
      if (Character.isUpperCase(name.charAt(0))) {
        boolean shrinks = name.equals("MemFree") || name.equals("MemAvailable");
        long kilobytes = Long.parseLong(value) - (shrinks ? leakedKilobytes : 0);
        meminfo.append(name).append(": ").append(Math.max(0, kilobytes)).append(" kB\n");
      }
    });
    return new HostSample(
        Long.parseLong(row.get("boot_ms")),
        Long.parseLong(row.get("real_ms")),
        MemInfo.parse(meminfo.toString()),
        Pressure.parse(stall(row, "some", "cpu_some")),
        Pressure.parse(stall(row, "some", "mem_some") + stall(row, "full", "mem_full")),
        Pressure.parse(stall(row, "some", "io_some") + stall(row, "full", "io_full")),
        List.of(),
        OptionalLong.of(0),
        List.of(),
        List.of(new DiskSample("/", 100 * GIB, Long.parseLong(row.get("disk_free")), 0, "")),
        List.of());
  }

  private static List<Signal> alarms(Findings findings) {
    return findings.signals().stream().filter(s -> s.severity() != Severity.NOTICE).toList();
  }

  @Test
  void recordedLoadRaisesNoAlarm() throws IOException, UnreadableException {
    HostMonitor monitor = new HostMonitor();
    List<Map<String, String>> rows = recorded();
    assertThat(rows).hasSizeGreaterThan(600);
    for (Map<String, String> row : rows) {
      assertThat(alarms(monitor.sample(sample(row, 0)))).as("at %s", row.get("boot_ms")).isEmpty();
    }
  }

  @Test
  void aLeakBeneathTheRecordedLoadIsSeenBeforeMemoryRunsOut()
      throws IOException, UnreadableException {
    HostMonitor monitor = new HostMonitor();
    List<Map<String, String>> rows = recorded();
    long start = Long.parseLong(rows.getFirst().get("boot_ms"));
    boolean warned = false;
    for (Map<String, String> row : rows) {
      long seconds = (Long.parseLong(row.get("boot_ms")) - start) / 1000;
      // 24 GB in half an hour.
      HostSample host = sample(row, seconds * 13_000);
      Findings findings = monitor.sample(host);
      for (Signal signal : alarms(findings)) {
        if (signal.kind() == Kind.KERNEL_MEMORY_GROWTH) {
          warned = true;
          assertThat(host.memory().availableBytes()).isPositive();
        }
      }
      if (host.memory().availableBytes() < GIB) {
        break;
      }
    }
    assertThat(warned).isTrue();
  }

  private static Decision decision(HostSample host, Findings findings, History history) {
    return Ladder.decide(
        new Observation(
            new Moment(host.unixMillis(), host.uptimeMillis(), "boot"),
            false,
            new Preserved(true, ""),
            findings.services(),
            findings.signals(),
            List.of(GuestFate.alone("kv", true, "", false)),
            ""),
        history);
  }

  @Test
  void busyHostIsLeftAloneByTheLadder() throws IOException, UnreadableException {
    int falseAlarms = 0;
    long looks = 0;
    HostMonitor monitor = new HostMonitor();
    for (Map<String, String> row : recorded()) {
      HostSample host = sample(row, 0);
      Decision decision = decision(host, monitor.sample(host), History.NONE);
      falseAlarms += decision.step() == Decision.Step.NONE ? 0 : 1;
      looks++;
    }
    for (long seed = 11; seed <= 13; seed++) {
      BusyHost busy = new BusyHost(seed);
      monitor = new HostMonitor();
      for (long second = 0; second < 86_400; second++) {
        busy.pass(second);
        if (second % 5 != 0) {
          continue;
        }
        HostSample host = busy.sample(second);
        Decision decision = decision(host, monitor.sample(host), History.NONE);
        falseAlarms += decision.step() == Decision.Step.NONE ? 0 : 1;
        looks++;
      }
    }
    System.out.println("NormalLoadTest: " + looks + " looks, " + falseAlarms + " false alarms");
    assertThat(falseAlarms).isZero();
  }

  /** A host of 16 GiB with work of all kinds, second by second. */
  private static final class BusyHost {
    final Random random;
    double kernel = 600 * MIB;
    double slabNoise;
    double processes = 3 * GIB;
    double guests = 4 * GIB;
    double cache = GIB;
    double burst;
    long leaked;
    double cpu;

    BusyHost(long seed) {
      random = new Random(seed);
    }

    void pass(long second) {
      // Working hours make everything rise and fall.
      double day = 0.5 - 0.5 * Math.cos(second * 2 * Math.PI / 86_400);
      slabNoise += random.nextGaussian() * 6 * MIB - slabNoise * 0.01;
      if (random.nextInt(2000) == 0) {
        // A build: processes, page tables, and files beyond number in the cache.
        burst = (1 + random.nextDouble()) * GIB;
      }
      burst *= 0.997;
      if (random.nextInt(40_000) == 0 && guests < 6 * GIB) {
        guests += 256 * MIB;
        kernel += 6 * MIB;
      }
      cache = Math.min(5 * GIB, cache + random.nextDouble() * 8 * MIB);
      if (random.nextInt(3000) == 0) {
        cache *= random.nextDouble();
      }
      processes = 2.5 * GIB + day * GIB;
      cpu = Math.min(100, 40 + 60 * day * random.nextDouble() + burst / GIB * 30);
    }

    MemInfo memory() throws UnreadableException {
      long total = 16 * GIB;
      long held = (long) (kernel + slabNoise + 150 * MIB + burst * 0.05) + leaked;
      long anonymous = (long) (processes + guests + burst);
      long left = total - held - anonymous;
      long cached = Math.min((long) cache, Math.max(0, left - 100 * MIB));
      String text =
          line("MemTotal", total)
              + line("MemFree", left - cached)
              + line("MemAvailable", left - cached / 10)
              + line("Cached", cached * 8 / 10)
              + line("SReclaimable", cached * 2 / 10)
              + line("AnonPages", anonymous)
              + line("SUnreclaim", held / 2);
      return MemInfo.parse(text);
    }

    private static String line(String name, long bytes) {
      return name + ": " + (Math.max(0, bytes) >> 10) + " kB\n";
    }

    HostSample sample(long second) throws UnreadableException {
      double io = Math.min(100, burst / GIB * 20 * random.nextDouble());
      return new HostSample(
          second * 1000,
          1_700_000_000_000L + second * 1000 + second / 100,
          memory(),
          pressure(cpu, 0),
          pressure(burst / GIB * 4, burst / GIB * 2),
          pressure(io, io / 2),
          List.of(),
          OptionalLong.of(1 << 12),
          List.of(new EdacCount("A1", second / 20_000, 0)),
          List.of(
              new DiskSample(
                  "/", 100 * GIB, 50 * GIB + (long) (Math.sin(second / 5000.0) * 20 * GIB), 0, "")),
          List.of(
              new ServiceSample(
                  ServiceId.AGENT,
                  State.RUNNING,
                  10,
                  second * 1000,
                  random.nextInt(40) + (random.nextInt(50) == 0 ? 900 : 0),
                  (120 + second % 600 / 5) * MIB,
                  512 * MIB,
                  "")));
    }

    private static Pressure pressure(double some, double full) {
      return new Pressure(
          new Pressure.Stall(some, some, some, 0), new Pressure.Stall(full, full, full, 0));
    }
  }

  @Test
  void wholeDaysOfBusyWorkRaiseNoAlarm() throws UnreadableException {
    for (long seed = 1; seed <= 4; seed++) {
      BusyHost host = new BusyHost(seed);
      HostMonitor monitor = new HostMonitor();
      for (long second = 0; second < 2 * 86_400; second++) {
        host.pass(second);
        if (second % 5 == 0) {
          Findings findings = monitor.sample(host.sample(second));
          assertThat(alarms(findings)).as("seed %d at %d s", seed, second).isEmpty();
          assertThat(findings.services()).allMatch(s -> s.health() == ServiceHealth.Health.HEALTHY);
        }
      }
    }
  }

  @Test
  void aLeakBeneathBusyWorkIsSeenHoursBeforeItsEnd() throws UnreadableException {
    for (long seed = 1; seed <= 3; seed++) {
      BusyHost host = new BusyHost(seed);
      HostMonitor monitor = new HostMonitor();
      long warnedAt = -1;
      long second = 0;
      for (; host.memory().availableBytes() > 500 * MIB && second < 86_400; second++) {
        host.pass(second);
        host.leaked = second * 250 * MIB / 3600;
        if (second % 5 == 0) {
          for (Signal signal : alarms(monitor.sample(host.sample(second)))) {
            if (signal.kind() == Kind.KERNEL_MEMORY_GROWTH && warnedAt < 0) {
              warnedAt = second;
            }
          }
        }
      }
      assertThat(warnedAt).as("seed %d", seed).isPositive();
      assertThat(second - warnedAt).as("seed %d, warned ahead", seed).isGreaterThan(3 * 3600);
    }
  }
}
