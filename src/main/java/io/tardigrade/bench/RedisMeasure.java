package io.tardigrade.bench;

import io.tardigrade.guest.GuestStatus;
import io.tardigrade.guest.GuestStatus.Protection;
import java.io.IOException;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * What protection costs a redis: latency of PING on one connection, throughput of redis-benchmark,
 * bytes shipped per epoch. Each turn runs a fresh guest of every kind through the same loads.
 */
final class RedisMeasure implements Measure {
  static final List<String> REDIS = List.of("redis-server", "--protected-mode", "no");

  /** A fixed timer answers forty times a second; there is no point in waiting for more. */
  private static final int PINGS_FIXED_TIMER = 400;

  private static final int WARM_UP_PINGS = 200;

  /** One guest's turn; by kind of guest, a list of these. */
  private static final class Turns {
    final List<Double> pingP50 = new ArrayList<>();
    final List<Double> pingP99 = new ArrayList<>();
    final Samples pings = new Samples();
    final List<Double> holdP50 = new ArrayList<>();
    final List<Double> holdP99 = new ArrayList<>();
    final List<Double> pauseP50 = new ArrayList<>();
    final List<Double> pauseP99 = new ArrayList<>();
    final Map<String, List<Double>> rates = new LinkedHashMap<>();
    final Map<String, List<Double>> shipped = new LinkedHashMap<>();

    List<Double> rates(String load) {
      return rates.computeIfAbsent(load, _ -> new ArrayList<>());
    }
  }

  private final Map<Mode, Turns> turns = new EnumMap<>(Mode.class);

  @Override
  public String name() {
    return "redis";
  }

  @Override
  public void take(Workbench bench, Effort effort, Findings findings)
      throws IOException, InterruptedException {
    for (Mode mode : Mode.values()) {
      turns.put(mode, new Turns());
    }
    for (int turn = 1; turn <= effort.turns(); turn++) {
      for (Mode mode : Mode.values()) {
        bench.progress("redis, turn " + turn + " of " + effort.turns() + ": " + words(mode));
        takeTurn(bench, mode, effort);
      }
    }
    reportLatency(findings);
    reportThroughput(findings);
    reportShipped(findings);
    turns.forEach((mode, of) -> {
      findings.detail(name(), words(mode) + ", requests per second", of.rates);
      findings.detail(name(), words(mode) + ", ping p50 seconds", of.pingP50);
      findings.detail(name(), words(mode) + ", ping p99 seconds", of.pingP99);
    });
  }

  private Turns of(Mode mode) {
    return turns.computeIfAbsent(mode, _ -> new Turns());
  }

  private static String words(Mode mode) {
    return mode.name().toLowerCase(java.util.Locale.ROOT).replace('_', ' ');
  }

  private void takeTurn(Workbench bench, Mode mode, Effort effort)
      throws IOException, InterruptedException {
    try (BenchGuest guest = bench.start(mode, GuestSize.SMALL, REDIS)) {
      try (LineClient client = guest.connect(LineClient::redis)) {
        if (mode == Mode.PROTECTED) {
          guest.awaitProtected();
        }
        ping(guest, client, effort);
      }
      RedisBenchmark benchmark = new RedisBenchmark(guest.spec().address());
      for (RedisLoad load : RedisLoad.values()) {
        for (String test : RedisLoad.TESTS) {
          Protection before = guest.status().protection();
          of(mode)
              .rates(test + " " + load.text())
              .add(benchmark.requestsPerSecond(load, test, effort.loadSeconds()));
          shipped(mode, test + " " + load.text(), before, guest.status().protection());
        }
      }
    }
  }

  private void ping(BenchGuest guest, LineClient client, Effort effort) throws IOException {
    Mode mode = guest.mode();
    int pings = mode == Mode.FIXED_TIMER ? PINGS_FIXED_TIMER : effort.pings();
    for (int i = 0; i < (mode == Mode.FIXED_TIMER ? 20 : WARM_UP_PINGS); i++) {
      client.expect("PING", "+PONG");
    }
    guest.resetStatistics();
    Protection before = guest.status().protection();
    Samples seconds = new Samples();
    for (int i = 0; i < pings; i++) {
      seconds.add(client.time("PING", "+PONG"));
    }
    GuestStatus after = guest.status();
    shipped(mode, "PING", before, after.protection());
    Turns to = of(mode);
    to.pings.addAll(seconds);
    to.pingP50.add(seconds.median());
    to.pingP99.add(seconds.p99());
    if (mode == Mode.PROTECTED) {
      to.holdP50.add(PauseMeasure.value(after.protection().holdSeconds().p50()));
      to.holdP99.add(PauseMeasure.value(after.protection().holdSeconds().p99()));
      to.pauseP50.add(PauseMeasure.value(after.protection().pauseSeconds().p50()));
      to.pauseP99.add(PauseMeasure.value(after.protection().pauseSeconds().p99()));
    }
  }

  private void shipped(Mode mode, String load, Protection before, Protection after) {
    long epochs = after.committedEpoch() - before.committedEpoch();
    if (epochs > 0) {
      of(mode)
          .shipped
          .computeIfAbsent(load, _ -> new ArrayList<>())
          .add((after.shippedBytes() - before.shippedBytes()) / (double) epochs);
    }
  }

  private void reportLatency(Findings findings) {
    Turns without = of(Mode.UNPROTECTED);
    Turns with = of(Mode.PROTECTED);
    Turns timer = of(Mode.FIXED_TIMER);
    Goal p50 = Goals.added("p50", 0.0025);
    Goal p99 = Goals.added("p99", 0.006);
    String note = with.pings.size() + " pings; differences within turns, their median over turns";
    findings.add(
        Row.of(p50)
            .unprotected(without.pings.median())
            .guarded(with.pings.median())
            .difference(Pairing.difference(with.pingP50, without.pingP50))
            .note(note)
            .judge(p50));
    findings.add(
        Row.of(p99)
            .unprotected(without.pings.p99())
            .guarded(with.pings.p99())
            .difference(Pairing.difference(with.pingP99, without.pingP99))
            .note(note)
            .judge(p99));
    Goal against = Goals.pingAgainstTimer();
    findings.add(
        Row.of(against)
            .guarded(with.pings.median())
            .alternative(timer.pings.median())
            .ratio(Pairing.ratio(with.pingP50, timer.pingP50))
            .judge(against));
    info(findings, "PING: reply held, p50", with.holdP50);
    info(findings, "PING: reply held, p99", with.holdP99);
    info(findings, "PING: pause, p50", with.pauseP50);
    info(findings, "PING: pause, p99", with.pauseP99);
  }

  private void info(Findings findings, String title, List<Double> values) {
    findings.add(Row.info(name(), title, Quantity.SECONDS).guarded(Pairing.median(values)));
  }

  private void reportThroughput(Findings findings) {
    for (RedisLoad load : RedisLoad.values()) {
      for (String test : RedisLoad.TESTS) {
        String key = test + " " + load.text();
        List<Double> without = of(Mode.UNPROTECTED).rates(key);
        List<Double> with = of(Mode.PROTECTED).rates(key);
        List<Double> timer = of(Mode.FIXED_TIMER).rates(key);
        Goal goal = Goals.throughput(load, test);
        Row row =
            (load.share() > 0 ? Row.of(goal) : Row.info(name(), key, Quantity.PER_SECOND))
                .unprotected(Pairing.median(without))
                .guarded(Pairing.median(with))
                .ratio(Pairing.ratio(with, without));
        findings.add(load.share() > 0 ? row.judge(goal) : row);
        Goal against = Goals.againstTimer(load, test);
        findings.add(
            Row.of(against)
                .guarded(Pairing.median(with))
                .alternative(Pairing.median(timer))
                .ratio(Pairing.ratio(with, timer))
                .judge(against));
      }
    }
  }

  private void reportShipped(Findings findings) {
    of(Mode.PROTECTED)
        .shipped
        .forEach((load, bytes) -> {
          Row row =
              Row.info(name(), "shipped per epoch, " + load, Quantity.BYTES)
                  .guarded(Pairing.median(bytes));
          List<Double> timer = of(Mode.FIXED_TIMER).shipped.get(load);
          findings.add(
              timer == null
                  ? row
                  : row.alternative(Pairing.median(timer)).note("alternative: fixed 25 ms timer"));
        });
  }
}
