package io.tardigrade.bench;

import io.tardigrade.guardian.GuardianClient;
import io.tardigrade.guest.GuestFiles;
import io.tardigrade.guest.GuestSpec;
import io.tardigrade.guest.GuestStatus;
import io.tardigrade.incident.Incident;
import io.tardigrade.incident.IncidentStore;
import io.tardigrade.linux.Command;
import java.io.Closeable;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** A guest of a benchmark, deleted when closed. */
final class BenchGuest implements Closeable {
  private static final long READY_NANOS_MAX = TimeUnit.SECONDS.toNanos(120);
  private static final long ANSWER_NANOS_MAX = TimeUnit.SECONDS.toNanos(60);
  private static final int BLOCK_BYTES = 512;
  private static final String RAM_FILE = "ram-";

  private final Workbench bench;
  private final String name;
  private final Mode mode;

  BenchGuest(Workbench bench, String name, Mode mode) {
    this.bench = bench;
    this.name = name;
    this.mode = mode;
  }

  String name() {
    return name;
  }

  Mode mode() {
    return mode;
  }

  GuestSpec spec() throws IOException {
    return GuestFiles.of(bench.paths(), name).spec();
  }

  /** What the guardian says now. */
  GuestStatus status() throws IOException {
    return GuardianClient.connect(bench.paths(), name).status();
  }

  /** What is told of checkpoints is of those from now on. */
  void resetStatistics() throws IOException {
    GuardianClient.connect(bench.paths(), name).resetStatistics();
  }

  /** A connection to a server in the guest, tried until it answers. */
  <T extends Closeable> T connect(Connector<T> connector) throws IOException, InterruptedException {
    String address = spec().address();
    long deadline = System.nanoTime() + ANSWER_NANOS_MAX;
    while (true) {
      try {
        return connector.connect(address);
      } catch (IOException e) {
        if (System.nanoTime() - deadline > 0) {
          throw new IOException(name + " does not answer: " + e.getMessage(), e);
        }
        Thread.sleep(50);
      }
    }
  }

  /** Opens a connection and sees that the server behind it answers. */
  @FunctionalInterface
  interface Connector<T> {
    T connect(String address) throws IOException;
  }

  /** Waits until the guest is protected with a spare ready. */
  GuestStatus awaitProtected() throws IOException, InterruptedException {
    return await(status -> status.state() == GuestStatus.State.RUNNING && status.spareReady(), 20);
  }

  /**
   * Asks the guardian every so often until its answer satisfies. While no guardian answers, it is
   * asked again.
   */
  GuestStatus await(Predicate<GuestStatus> condition, long pollMillis)
      throws IOException, InterruptedException {
    long deadline = System.nanoTime() + READY_NANOS_MAX;
    @Nullable GuestStatus last = null;
    while (System.nanoTime() - deadline < 0) {
      try {
        last = status();
        if (condition.test(last)) {
          return last;
        }
      } catch (IOException e) {
        Optional<GuestFiles.Outcome> outcome = GuestFiles.of(bench.paths(), name).outcome();
        if (outcome.isPresent()) {
          throw new IOException(name + " has ended: " + outcome.get().reason(), e);
        }
      }
      Thread.sleep(pollMillis);
    }
    throw new IOException(
        name + " was not ready in time; " + (last == null ? "no guardian answers" : last));
  }

  /** Its newest incident. */
  Optional<Incident> newestIncident() throws IOException {
    return new IncidentStore(bench.paths().incidents())
        .list().stream()
            .filter(incident -> incident.guest().equals(name))
            .max(Comparator.comparing(BenchGuest::end));
  }

  private static java.time.Instant end(Incident incident) {
    return RecoveryTimes.running(incident);
  }

  /** The guardian and all processes it started. */
  List<Long> processes() throws IOException {
    Long guardian = status().guardian().pid();
    if (guardian == null) {
      throw new IOException(name + " has no guardian");
    }
    List<Long> all = ProcFile.children(guardian);
    all.addFirst(guardian);
    return all;
  }

  /**
   * Memory of a guardian that is not the image.
   *
   * @param anonymousBytes its heap, stacks and buffers
   * @param fileBytes pages of programs and libraries, which guardians share with each other
   * @param besideBytes what it keeps on tmpfs beside guest RAM: staging, checksums, device state
   */
  record Memory(long anonymousBytes, long fileBytes, long besideBytes) {
    long sum() {
      return anonymousBytes + fileBytes + besideBytes;
    }
  }

  Memory guardianMemory() throws IOException {
    Long guardian = status().guardian().pid();
    if (guardian == null) {
      throw new IOException(name + " has no guardian");
    }
    String status = Files.readString(Path.of("/proc/" + guardian + "/status"));
    return new Memory(
        ProcFile.kilobytes(status, "RssAnon"),
        ProcFile.kilobytes(status, "RssFile"),
        fileBytesBesideRam());
  }

  private long fileBytesBesideRam() throws IOException {
    long sum = 0;
    boolean found = false;
    try (Stream<Path> files = Files.list(bench.paths().image(name))) {
      for (Path file : files.filter(Files::isRegularFile).toList()) {
        boolean ram = file.getFileName().toString().startsWith(RAM_FILE);
        found |= ram;
        sum += ram ? 0 : allocatedBytes(file);
      }
    }
    if (!found) {
      throw new IOException("no file of guest RAM is in " + bench.paths().image(name));
    }
    return sum;
  }

  private static long allocatedBytes(Path file) throws IOException {
    String blocks = Command.run("stat", "-c", "%b", file.toString()).strip();
    return Long.parseLong(blocks) * BLOCK_BYTES;
  }

  @Override
  public void close() throws IOException {
    bench.delete(name);
  }
}
