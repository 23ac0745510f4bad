package io.tardigrade.bench;

import io.tardigrade.bench.ClusterOptions.Part;
import io.tardigrade.guest.GuestStatus.Protection;
import io.tardigrade.linux.Command;
import java.io.Closeable;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Bytes that the primary's host sends to one backup for each byte that the guest dirtied, counted
 * at its cable: frames with all that is in them, also beats and what ZooKeeper says. Dirtied are
 * whole pages, as checkpoints find them, and device state.
 */
final class ClusterWire {
  private static final String GROUP = Parts.text(Part.WIRE);
  private static final int BACKUPS = 2;
  private static final String COMPILER_MEMORY = "384M";
  private static final Duration COMPILE_MAX = Duration.ofMinutes(1);

  private final ClusterBed bed;
  private final ClusterOptions options;
  private final Findings findings;

  ClusterWire(ClusterBed bed, ClusterOptions options, Findings findings) {
    this.bed = bed;
    this.options = options;
    this.findings = findings;
  }

  void take() throws IOException, InterruptedException {
    bed.progress("wire: a redis that is written to");
    try (ClusterGuest guest =
            bed.start(BACKUPS, GuestSize.SMALL.option(), List.of(), ClusterBed.REDIS);
        LineClient client = guest.redis();
        Closeable _ = Writer.start(client)) {
      count(guest, WireLoad.REDIS);
    }
    bed.progress("wire: a compiler");
    Path source = source();
    String compiler = Command.run("gcc", "-print-prog-name=cc1").strip();
    try (ClusterGuest guest =
        bed.start(
            BACKUPS,
            COMPILER_MEMORY,
            List.of("--add", compiler, "--add", source + ":/bench.i"),
            List.of(
                "sh",
                "-c",
                "while :; do %s -quiet -O2 /bench.i -o /tmp/bench.s; done".formatted(compiler)))) {
      count(guest, WireLoad.COMPILER);
    }
  }

  /** A source with all that it includes. */
  private Path source() throws IOException {
    Path _ = WorkerProgram.in(bed.folder());
    Path expanded = bed.folder().resolve("bench.i");
    Command.run(
        List.of(
            "gcc",
            "-E",
            "-P",
            bed.folder().resolve("bench-worker.c").toString(),
            "-o",
            expanded.toString()),
        "",
        COMPILE_MAX);
    if (!Files.isReadable(expanded)) {
      throw new IOException("gcc made no " + expanded);
    }
    return expanded;
  }

  private void count(ClusterGuest guest, WireLoad load) throws IOException, InterruptedException {
    String host = guest.awaitProtected().host().name();
    // What was dirtied while it was being synchronised is past.
    TimeUnit.SECONDS.sleep(2);
    ClusterGuest.At before = guest.awaitProtected();
    long sentBefore = bed.sentBytes(host);
    long beginNanos = System.nanoTime();
    TimeUnit.SECONDS.sleep(options.wireSeconds());
    long sent = bed.sentBytes(host) - sentBefore;
    double seconds = (System.nanoTime() - beginNanos) / 1e9;
    ClusterGuest.At after = guest.awaitProtected();
    Protection from = before.status().protection();
    Protection to = after.status().protection();
    long dirtied = to.shippedBytes() - from.shippedBytes();
    long epochs = to.committedEpoch() - from.committedEpoch();
    if (dirtied <= 0 || epochs <= 0 || !after.host().name().equals(host)) {
      throw new IOException(load.text() + ": the guest committed nothing on " + host);
    }
    double each = sent / (double) BACKUPS;
    Goal goal = ClusterGoals.wire(load);
    findings.add(
        Row.of(goal)
            .guarded(each / dirtied)
            .note(
                "%s dirtied by %d epochs in %.1f s, %s sent to each of two backups"
                    .formatted(
                        Quantity.BYTES.text((double) dirtied),
                        epochs,
                        seconds,
                        Quantity.BYTES.text(each)))
            .judge(goal));
    findings.detail(GROUP, load.text() + ", bytes dirtied", dirtied);
    findings.detail(GROUP, load.text() + ", bytes sent to one backup", each);
    findings.detail(GROUP, load.text() + ", epochs", epochs);
    findings.detail(GROUP, load.text() + ", seconds", seconds);
  }

  /** Writes values of which none is like another to keys by chance, some at a time. */
  private static final class Writer implements Closeable {
    private static final int AT_A_TIME = 64;
    private static final int KEYS = 20_000;
    private static final int VALUE_BYTES = 64;
    private static final long SEED = 20_261_123;

    private final LineClient client;
    private final Thread thread;
    private volatile boolean closed;
    private @Nullable IOException failure;

    private Writer(LineClient client) {
      this.client = client;
      this.thread = Thread.ofPlatform().daemon().name("bench-writer").unstarted(this::write);
    }

    static Writer start(LineClient client) {
      Writer writer = new Writer(client);
      writer.thread.start();
      return writer;
    }

    private void write() {
      Random random = new Random(SEED);
      byte[] value = new byte[VALUE_BYTES];
      try {
        while (!closed) {
          List<String> questions = new ArrayList<>();
          for (int i = 0; i < AT_A_TIME; i++) {
            random.nextBytes(value);
            questions.add("SET k" + random.nextInt(KEYS) + " " + HexFormat.of().formatHex(value));
          }
          client.expectAll(questions, "+OK");
        }
      } catch (IOException e) {
        failed(e);
      }
    }

    private synchronized void failed(IOException e) {
      failure = e;
    }

    @Override
    public void close() throws IOException {
      closed = true;
      try {
        thread.join();
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
      synchronized (this) {
        if (failure != null) {
          throw new IOException("writing to redis: " + failure.getMessage(), failure);
        }
      }
    }
  }
}
