package io.tardigrade.guardian;

import io.tardigrade.block.Export;
import io.tardigrade.linux.Linux;
import io.tardigrade.qemu.HypervisorConfig;
import java.io.Closeable;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Starts the guest's hypervisors, and keeps a spare one ahead.
 *
 * <p>All starts happen on one thread that lives as long as the guardian: the kernel ends a
 * hypervisor when the thread that started it ends, which is how none outlives its guardian.
 */
final class SpareKeeper implements Closeable {
  private static final int KEPT_DIRS = 4;
  private static final Duration WAIT_MAX = Duration.ofSeconds(30);

  private final String qemu;
  private final HypervisorConfig template;
  private final Path guestRun;
  private final Map<String, Export> exports;
  private final @Nullable String engine;
  private final ExecutorService starter =
      Executors.newSingleThreadExecutor(Thread.ofPlatform().name("starter").daemon().factory());
  private @Nullable Future<Instance> spare;
  private volatile boolean spareReady;
  private int serial;

  // Spares lost one after the other, and whether the one kept is the last of them.
  private int losses;
  private boolean lost;
  private long preparedAt;
  private long retryAt;

  /**
   * @param template its run directory is replaced for each process
   * @param guestRun where those directories are made
   */
  SpareKeeper(
      String qemu,
      HypervisorConfig template,
      Path guestRun,
      Map<String, Export> exports,
      @Nullable String engine) {
    this.qemu = qemu;
    this.template = template;
    this.guestRun = guestRun;
    this.exports = exports;
    this.engine = engine;
  }

  /** A hypervisor that stands before the guest's first instruction. */
  Instance startFresh(Path ramFile) throws IOException {
    return get(starter.submit(() -> start(ramFile, false)));
  }

  /** Begins to start a spare, unless there is one. */
  void prepare(Path ramFile) {
    if (spare == null) {
      spareReady = false;
      lost = false;
      preparedAt = System.nanoTime();
      spare =
          starter.submit(() -> {
            Instance instance = start(ramFile, true);
            spareReady = true;
            return instance;
          });
    }
  }

  /** Whether a spare stands ready. */
  boolean isReady() {
    return spareReady;
  }

  /** The spare, waiting for it or starting one. A spare that is dead is replaced. */
  Instance take(Path ramFile) throws IOException {
    Future<Instance> ahead = spare;
    spare = null;
    spareReady = false;
    if (ahead != null) {
      try {
        Instance instance = get(ahead);
        if (instance.hypervisor().ending() == null) {
          return instance;
        }
        instance.close();
      } catch (IOException e) {
        Log.warn("spare hypervisor: " + e.getMessage());
      }
    }
    return get(starter.submit(() -> start(ramFile, true)));
  }

  /**
   * Replaces a spare that has died or did not start; called now and then. The first time at once;
   * where spares go on failing, ever later, up to {@link #WAIT_MAX}: on a host that has no memory
   * left, say, each attempt takes from what the guests need.
   */
  void check(Path ramFile) throws IOException {
    Future<Instance> ahead = spare;
    if (ahead == null || !ahead.isDone()) {
      return;
    }
    String failure = failure(ahead);
    if (failure == null) {
      return;
    }
    long now = System.nanoTime();
    if (!lost) {
      lost = true;
      spareReady = false;
      losses = now - preparedAt > WAIT_MAX.toNanos() ? 1 : losses + 1;
      Duration wait = waitAfter(losses);
      retryAt = now + wait.toNanos();
      Log.warn("spare hypervisor: " + failure + "; next in " + wait.toSeconds() + " s");
    }
    if (now - retryAt >= 0) {
      dropSpare();
      prepare(ramFile);
    }
  }

  private static @Nullable String failure(Future<Instance> ahead) {
    try {
      return get(ahead).hypervisor().ending();
    } catch (IOException e) {
      return e.getMessage();
    }
  }

  /** Nothing after the first loss, then one second, and twice as long after each further one. */
  private static Duration waitAfter(int losses) {
    if (losses == 1) {
      return Duration.ZERO;
    }
    Duration wait = Duration.ofSeconds(1L << Math.min(losses - 2, 30));
    return wait.compareTo(WAIT_MAX) < 0 ? wait : WAIT_MAX;
  }

  /** Ends the spare, for its image is given up. */
  void dropSpare() throws IOException {
    Future<Instance> ahead = spare;
    spare = null;
    spareReady = false;
    if (ahead != null) {
      try {
        get(ahead).close();
      } catch (IOException e) {
        if (!lost) {
          Log.info("spare hypervisor dropped: " + e.getMessage());
        }
      }
    }
  }

  private Instance start(Path ramFile, boolean asSpare) throws IOException {
    Path dir = guestRun.resolve("h" + ++serial);
    deleteRecursively(guestRun.resolve("h" + (serial - KEPT_DIRS)));
    deleteRecursively(dir);
    Files.createDirectories(dir);
    Linux.chown(dir, template.userId(), template.userId());
    Linux.chown(ramFile, template.userId(), template.userId());
    return Instance.start(qemu, template.in(dir, ramFile, asSpare), exports, engine);
  }

  static void deleteRecursively(Path dir) throws IOException {
    if (!Files.exists(dir)) {
      return;
    }
    try (Stream<Path> files = Files.walk(dir)) {
      List<Path> deepestFirst = files.sorted(Comparator.reverseOrder()).toList();
      for (Path file : deepestFirst) {
        Files.deleteIfExists(file);
      }
    }
  }

  private static Instance get(Future<Instance> future) throws IOException {
    try {
      return future.get();
    } catch (ExecutionException e) {
      if (e.getCause() instanceof IOException io) {
        throw io;
      }
      throw new IllegalStateException(e.getCause());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted while a hypervisor was starting", e);
    }
  }

  @Override
  public void close() throws IOException {
    dropSpare();
    starter.shutdown();
  }
}
