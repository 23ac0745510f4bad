package io.tardigrade.diagnosis;

import io.tardigrade.guest.Quantities;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * Collects evidence into one archive. On a host that is failing anything may hang or be missing:
 * each file is read on a thread of its own, which is left behind where it does not come back, and
 * what could not be had is named in the index. Nothing is told as kept that was not read back.
 */
public final class Diagnosis {
  /** All but cores, before compression. */
  public static final long BYTES_MAX = 64L << 20;

  /** Cores together; one that does not fit is named and left where it is. */
  public static final long CORES_BYTES_MAX = 256L << 20;

  /** One file; what is beyond is cut. */
  static final int FILE_BYTES_MAX = 4 << 20;

  /** For one file. */
  static final long FILE_MILLIS_MAX = 5_000;

  /** For all: a host that is failing may not have longer. */
  static final long TOTAL_MILLIS_MAX = 60_000;

  /** Files that are read at the same time as others that hang. */
  static final int LEFT_BEHIND_MAX = 8;

  private final long fileMillisMax;
  private final long deadlineNanos;
  private int leftBehind;

  private Diagnosis(long fileMillisMax, long totalMillisMax) {
    this.fileMillisMax = fileMillisMax;
    this.deadlineNanos = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(totalMillisMax);
  }

  /**
   * What a diagnosis is made for.
   *
   * @param incident its id
   */
  public record Occasion(String incident, String cause, List<String> reasons, Instant at) {
    public Occasion {
      reasons = List.copyOf(reasons);
    }
  }

  /**
   * Collects what {@code host} has into {@code file}, and reads it back.
   *
   * @throws IOException where the archive cannot be kept; nothing is left of it then
   */
  public static ArchiveIndex collect(Path file, Occasion occasion, HostEvidence host)
      throws IOException {
    Files.createDirectories(file.toAbsolutePath().getParent());
    return collect(file, occasion, host.sources(), host.cores(), FILE_MILLIS_MAX, TOTAL_MILLIS_MAX);
  }

  static ArchiveIndex collect(
      Path file,
      Occasion occasion,
      List<Source> sources,
      List<Path> cores,
      long fileMillisMax,
      long totalMillisMax)
      throws IOException {
    Diagnosis diagnosis = new Diagnosis(fileMillisMax, totalMillisMax);
    try (ArchiveWriter archive =
        new ArchiveWriter(file, occasion.at(), BYTES_MAX + CORES_BYTES_MAX)) {
      for (Source source : sources) {
        diagnosis.add(archive, source);
      }
      addCores(archive, cores);
      var _ = archive.finish(occasion.incident(), occasion.cause(), occasion.reasons());
    }
    return ArchiveReader.verify(file);
  }

  private void add(ArchiveWriter archive, Source source) throws IOException {
    if (archive.room() <= CORES_BYTES_MAX) {
      archive.miss(source.name(), "no room was left in the archive");
      return;
    }
    if (leftBehind >= LEFT_BEHIND_MAX || deadlineNanos - System.nanoTime() <= 0) {
      archive.miss(source.name(), "no time was left");
      return;
    }
    byte[] content;
    try {
      content = read(source);
    } catch (IOException e) {
      archive.miss(source.name(), String.valueOf(e.getMessage()));
      return;
    }
    boolean cut = content.length > FILE_BYTES_MAX;
    archive.add(
        source.name(), source.about(), cut ? Arrays.copyOf(content, FILE_BYTES_MAX) : content, cut);
  }

  private byte[] read(Source source) throws IOException {
    FutureTask<byte[]> task = new FutureTask<>(() -> source.reading().read(FILE_BYTES_MAX));
    Thread.ofPlatform().name("evidence").daemon().start(task);
    try {
      return task.get(fileMillisMax, TimeUnit.MILLISECONDS);
    } catch (TimeoutException e) {
      leftBehind++;
      throw new IOException("it could not be read within " + fileMillisMax + " ms", e);
    } catch (ExecutionException e) {
      Throwable cause = e.getCause() == null ? e : e.getCause();
      throw new IOException(cause.getClass().getSimpleName() + ": " + cause.getMessage(), e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("the agent ends", e);
    }
  }

  private static void addCores(ArchiveWriter archive, List<Path> cores) throws IOException {
    long room = Math.min(CORES_BYTES_MAX, archive.room());
    int number = 0;
    for (Path core : cores) {
      String name = "cores/core-" + ++number;
      if (!Files.isRegularFile(core, LinkOption.NOFOLLOW_LINKS)) {
        archive.miss(name, core + " is no plain file");
        continue;
      }
      long bytes = Files.size(core);
      if (bytes > room) {
        archive.miss(
            name, core + " of " + Quantities.bytes(bytes) + " is too large and stays where it is");
        continue;
      }
      archive.copy(name, "core " + core, core, bytes);
      room -= bytes;
    }
  }
}
