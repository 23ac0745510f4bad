package io.tardigrade.bench;

import io.tardigrade.bench.ClusterOptions.Part;
import io.tardigrade.guest.GuestStatus;
import io.tardigrade.netlab.NamespaceHost;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What a client of a redis waits for an answer, one question after the other on one connection, and
 * how much is served to many, at several delays of the links between hosts. Each turn runs a fresh
 * guest of every kind: not protected, protected on its host alone, with backups. The client's own
 * way to the guest has no delay. Beside it redis's own synchronous replica.
 */
final class ClusterLatency {
  private static final String GROUP = Parts.text(Part.LATENCY);
  private static final List<String> TESTS = List.of("SET", "INCR");
  private static final int WARM_UP = 50;
  private static final String UNPROTECTED = "unprotected";
  private static final String LOCAL = "local";
  private static final String PEER = "redis with WAIT 1, ";

  private final ClusterBed bed;
  private final ClusterOptions options;
  private final Findings findings;

  private static final String PAUSE = "PING: pause, p50";
  private static final String HELD = "PING: reply held, p50";
  private static final String PRIMARY_TIME = "PING: processors' time of guest and guardian, mean";
  private static final String OTHERS_TIME = "PING: processors' time on all backups, mean";

  /** Values of each turn by what was measured of whom. */
  private final Map<String, List<Double>> turns = new LinkedHashMap<>();

  ClusterLatency(ClusterBed bed, ClusterOptions options, Findings findings) {
    this.bed = bed;
    this.options = options;
    this.findings = findings;
  }

  void take() throws IOException, InterruptedException {
    for (int turn = 1; turn <= options.turns(); turn++) {
      String which = "latency, turn " + turn + " of " + options.turns() + ": ";
      bed.delay(0);
      bed.progress(which + "without protection");
      takeGuest(UNPROTECTED, 0, List.of("--unprotected"));
      bed.progress(which + "protected on its host alone");
      takeGuest(LOCAL, 0, List.of());
      for (int backups : options.backups()) {
        bed.progress(which + backups + " backups");
        takeReplicated(backups);
      }
      bed.progress(which + "redis with WAIT 1");
      takePeer();
    }
    bed.delay(0);
    report();
    turns.forEach((what, values) -> findings.detail(GROUP, what, values));
  }

  private void add(String of, String what, double value) {
    turns.computeIfAbsent(key(of, what), _ -> new ArrayList<>()).add(value);
  }

  private static String key(String of, String what) {
    return of + ": " + what;
  }

  private List<Double> values(String of, String what) {
    List<Double> values = turns.get(key(of, what));
    if (values == null) {
      throw new IllegalStateException("nothing was measured of " + key(of, what));
    }
    return values;
  }

  private void takeGuest(String of, int backups, List<String> run)
      throws IOException, InterruptedException {
    try (ClusterGuest guest = bed.start(backups, GuestSize.SMALL.option(), run, ClusterBed.REDIS)) {
      var _ = guest.awaitProtected();
      measure(of, guest);
    }
  }

  private void takeReplicated(int backups) throws IOException, InterruptedException {
    try (ClusterGuest guest =
        bed.start(backups, GuestSize.SMALL.option(), List.of(), ClusterBed.REDIS)) {
      for (long delay : options.delaysNanos()) {
        bed.delay(delay);
        var _ = guest.awaitProtected();
        measure(ClusterGoals.title(backups, delay), guest);
        var _ = guest.awaitProtected();
      }
    } finally {
      bed.delay(0);
    }
  }

  private void measure(String of, ClusterGuest guest) throws IOException, InterruptedException {
    try (LineClient client = guest.redis()) {
      ClusterGuest.At primary = guest.awaitProtected();
      guest.resetStatistics(primary.host());
      ProcessorTime before = ProcessorTime.of(bed, guest);
      time(of, "PING", () -> client.time("PING", "+PONG"));
      ProcessorTime spent = ProcessorTime.of(bed, guest).since(before);
      explain(of, guest, primary.host(), spent);
      time(of, "SET", () -> client.time("SET bench 1", "+OK"));
    }
    RedisBenchmark benchmark = new RedisBenchmark(guest.address());
    for (String test : TESTS) {
      add(of, test, benchmark.requestsPerSecond(RedisLoad.PIPELINED, test, options.loadSeconds()));
    }
  }

  /** Where the time of a PING went. */
  private void explain(String of, ClusterGuest guest, NamespaceHost primary, ProcessorTime spent) {
    int pings = WARM_UP + options.pings();
    add(of, PRIMARY_TIME, spent.of(primary.name()) / pings);
    add(of, OTHERS_TIME, spent.ofOthers(primary.name()) / pings);
    guest
        .status(primary)
        .map(GuestStatus::protection)
        .ifPresent(told -> {
          add(of, PAUSE, orZero(told.pauseSeconds().p50()));
          add(of, HELD, orZero(told.holdSeconds().p50()));
        });
  }

  private static double orZero(@Nullable Double value) {
    return value == null ? 0 : value;
  }

  private interface Question {
    double ask() throws IOException;
  }

  private void time(String of, String what, Question question) throws IOException {
    for (int i = 0; i < WARM_UP; i++) {
      var _ = question.ask();
    }
    Samples seconds = new Samples();
    for (int i = 0; i < options.pings(); i++) {
      seconds.add(question.ask());
    }
    add(of, what + ", p50", seconds.median());
    add(of, what + ", p99", seconds.p99());
  }

  private void takePeer() throws IOException, InterruptedException {
    try (RedisPair pair = RedisPair.start(bed);
        LineClient client = pair.client()) {
      for (long delay : options.delaysNanos()) {
        bed.delay(delay);
        pair.awaitReplica(client);
        time(PEER + delay, "SET", () -> RedisPair.write(client));
      }
    } finally {
      bed.delay(0);
    }
  }

  private void report() {
    double local = Pairing.median(values(LOCAL, "PING, p50"));
    double without = Pairing.median(values(UNPROTECTED, "PING, p50"));
    findings.add(
        Row.info(GROUP, "no backup: PING, p50", Quantity.SECONDS)
            .unprotected(local)
            .note("%s without any protection".formatted(Quantity.SECONDS.text(without))));
    for (int backups : options.backups()) {
      for (long delay : options.delaysNanos()) {
        reportPings(backups, delay);
      }
    }
    for (int backups : options.backups()) {
      for (long delay : options.delaysNanos()) {
        reportThroughput(backups, delay);
      }
    }
  }

  private void reportPings(int backups, long delay) {
    String of = ClusterGoals.title(backups, delay);
    Goal goal = ClusterGoals.added(backups, delay);
    findings.add(seconds(Row.of(goal), of, "PING, p50").judge(goal));
    findings.add(seconds(Row.info(GROUP, of + "PING, p99", Quantity.SECONDS), of, "PING, p99"));
    for (String what : List.of(PAUSE, HELD, PRIMARY_TIME, OTHERS_TIME)) {
      findings.add(seconds(Row.info(GROUP, of + what, Quantity.SECONDS), of, what));
    }
    for (String what : List.of("SET, p50", "SET, p99")) {
      findings.add(
          seconds(Row.info(GROUP, of + what, Quantity.SECONDS), of, what)
              .alternative(Pairing.median(values(PEER + delay, what)))
              .note("peer: redis with WAIT 1, no virtual machine"));
    }
  }

  private Row seconds(Row row, String of, String what) {
    return row.unprotected(Pairing.median(values(LOCAL, what)))
        .guarded(Pairing.median(values(of, what)))
        .difference(Pairing.difference(values(of, what), values(LOCAL, what)));
  }

  private void reportThroughput(int backups, long delay) {
    String of = ClusterGoals.title(backups, delay);
    for (String test : TESTS) {
      findings.add(
          Row.info(GROUP, of + test + " " + RedisLoad.PIPELINED.text(), Quantity.PER_SECOND)
              .unprotected(Pairing.median(values(LOCAL, test)))
              .guarded(Pairing.median(values(of, test)))
              .ratio(Pairing.ratio(values(of, test), values(LOCAL, test)))
              .note(
                  "%s without any protection"
                      .formatted(
                          Quantity.PER_SECOND.text(Pairing.median(values(UNPROTECTED, test))))));
    }
  }
}
