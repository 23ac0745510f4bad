package io.tardigrade.bench;

import java.io.Closeable;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * A redis on h1 and a replica of it on h2, as plain processes: what a user who wants no write lost
 * has without us. A write counts when the replica has acknowledged it, which redis calls {@code
 * WAIT 1}. It keeps data only, not connections nor what runs; no virtual machine is beneath it.
 */
final class RedisPair implements Closeable {
  private static final long READY_NANOS_MAX = TimeUnit.SECONDS.toNanos(30);
  private static final String WRITTEN = ":1";

  private final Process first;
  private final Process second;
  private final String address;

  private RedisPair(Process first, Process second, String address) {
    this.first = first;
    this.second = second;
    this.address = address;
  }

  static RedisPair start(ClusterBed bed) throws IOException {
    String address = bed.host("h1").address();
    List<String> plain =
        List.of("redis-server", "--save", "", "--appendonly", "no", "--protected-mode", "no");
    Process first = bed.launch(bed.host("h1").inside(plain));
    List<String> replica = new ArrayList<>(plain);
    replica.addAll(
        List.of(
            "--dir",
            bed.folder().toString(),
            "--replicaof",
            address,
            Integer.toString(LineClient.REDIS_PORT)));
    return new RedisPair(first, bed.launch(bed.host("h2").inside(replica)), address);
  }

  LineClient client() throws IOException, InterruptedException {
    long deadline = System.nanoTime() + READY_NANOS_MAX;
    while (true) {
      try {
        return LineClient.redis(address);
      } catch (IOException e) {
        if (System.nanoTime() - deadline > 0) {
          throw e;
        }
        Thread.sleep(50);
      }
    }
  }

  /** Waits until the replica acknowledges. */
  void awaitReplica(LineClient client) throws IOException, InterruptedException {
    long deadline = System.nanoTime() + READY_NANOS_MAX;
    client.expect("SET bench 0", "+OK");
    while (!client.ask("WAIT 1 100").equals(WRITTEN)) {
      if (System.nanoTime() - deadline > 0) {
        throw new IOException("the replica of redis does not acknowledge");
      }
      Thread.sleep(50);
    }
  }

  /** Writes, and returns how long it took until the replica had acknowledged it, in seconds. */
  static double write(LineClient client) throws IOException {
    return client.time("SET bench 1", "+OK") + client.time("WAIT 1 0", WRITTEN);
  }

  @Override
  public void close() throws IOException {
    for (Process process : List.of(first, second)) {
      process.destroyForcibly();
      try {
        process.waitFor();
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    }
  }
}
