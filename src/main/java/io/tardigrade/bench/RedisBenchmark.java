package io.tardigrade.bench;

import io.tardigrade.linux.Command;
import java.io.IOException;
import java.time.Duration;
import java.util.List;

/** Debian's redis-benchmark, run for about as long as is asked. */
final class RedisBenchmark {
  private static final int REQUESTS_MAX = 2_000_000;
  private static final Duration TIMEOUT = Duration.ofMinutes(3);

  private final String address;

  RedisBenchmark(String address) {
    this.address = address;
  }

  /** Requests per second of one test under one load, after a short one that tells how many fit. */
  double requestsPerSecond(RedisLoad load, String test, double seconds) throws IOException {
    double probed = run(load, test, load.probeRequests());
    double fitting = Math.ceil(probed * seconds);
    int requests = (int) Math.min(REQUESTS_MAX, Math.max(load.probeRequests(), fitting));
    return run(load, test, requests);
  }

  private double run(RedisLoad load, String test, int requests) throws IOException {
    List<String> command =
        List.of(
            "redis-benchmark",
            "-h",
            address,
            "-p",
            Integer.toString(LineClient.REDIS_PORT),
            "-t",
            test.toLowerCase(java.util.Locale.ROOT),
            "-c",
            Integer.toString(load.clients()),
            "-P",
            Integer.toString(load.pipeline()),
            "-n",
            Integer.toString(requests),
            "--csv");
    return parse(test, Command.run(command, "", TIMEOUT));
  }

  /** Its CSV: a line {@code "SET","1234.56",…} per test, after one of heads. */
  static double parse(String test, String csv) throws IOException {
    String start = "\"" + test + "\",\"";
    for (String line : csv.lines().toList()) {
      if (line.startsWith(start)) {
        int end = line.indexOf('"', start.length());
        try {
          double value = Double.parseDouble(line.substring(start.length(), Math.max(0, end)));
          if (Double.isFinite(value) && value > 0) {
            return value;
          }
        } catch (RuntimeException e) {
          throw new IOException("redis-benchmark wrote '" + line + "', expected a rate", e);
        }
      }
    }
    throw new IOException("redis-benchmark told no rate of " + test);
  }
}
