package io.tardigrade.monitor;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Samples the real host from /proc, /sys and /dev/kmsg. What cannot be read is left out of the
 * sample and told once. Not thread-safe.
 */
public final class HostSource implements AutoCloseable {
  /** Reading disks and counters oftener would only cost. */
  private static final long SLOW_MILLIS = 60_000;

  private final Path proc;
  private final Consumer<String> complaints;
  private final List<String> complained = new ArrayList<>();
  private final DiskSource disks;
  private final EdacSource edac;
  private final @Nullable KernelLogSource kernelLog;
  private final ClockSource clock;
  private long slowAtMillis = Long.MIN_VALUE;
  private volatile long logSinceMicros;

  /** Something that reads. */
  private interface Reading<T> {
    T read() throws IOException, UnreadableException;
  }

  /**
   * The source of this host.
   *
   * @param fileSystems whose space is watched
   * @param complaints is told, once each, what cannot be read
   */
  public static HostSource ofHost(List<Path> fileSystems, Consumer<String> complaints) {
    return under(Path.of("/"), fileSystems, complaints);
  }

  /** As {@link #ofHost}, of a host whose proc, sys and dev/kmsg lie below {@code root}. */
  public static HostSource under(Path root, List<Path> fileSystems, Consumer<String> complaints) {
    return new HostSource(
        root.resolve("proc"),
        root.resolve("sys"),
        root.resolve("dev/kmsg"),
        fileSystems,
        complaints);
  }

  HostSource(Path proc, Path sys, Path kmsg, List<Path> fileSystems, Consumer<String> complaints) {
    this.proc = proc;
    this.complaints = complaints;
    disks = new DiskSource(sys, fileSystems);
    edac = new EdacSource(sys);
    clock = new ClockSource(proc);
    kernelLog = attempt(() -> KernelLogSource.open(kmsg, this::complain));
  }

  /**
   * Leaves out what the kernel said before it was up for {@code uptimeMillis}: it is no news.
   * Before the first look.
   */
  public void forgetLogBefore(long uptimeMillis) {
    logSinceMicros = uptimeMillis * 1000;
  }

  private List<KernelRecord> news(KernelLogSource log) throws IOException {
    return log.read().stream().filter(r -> r.uptimeMicros() >= logSinceMicros).toList();
  }

  /** One look. {@code services} come from whoever runs them. */
  public HostSample sample(List<ServiceSample> services) {
    long uptimeMillis = clock.uptimeMillis();
    boolean slow = uptimeMillis - SLOW_MILLIS >= slowAtMillis;
    if (slow) {
      slowAtMillis = uptimeMillis;
    }
    @Nullable KernelLogSource log = kernelLog;
    @Nullable List<KernelRecord> records = log == null ? null : attempt(() -> news(log));
    @Nullable Long taint =
        attempt(
            () -> Counter.parse("tainted", BoundedFile.read(proc.resolve("sys/kernel/tainted"))));
    @Nullable List<EdacCount> errors = slow ? attempt(edac::read) : null;
    @Nullable List<DiskSample> space = slow ? attempt(disks::read) : null;
    return new HostSample(
        uptimeMillis,
        clock.unixMillis(),
        attempt(() -> MemInfo.parse(BoundedFile.read(proc.resolve("meminfo")))),
        pressure("cpu"),
        pressure("memory"),
        pressure("io"),
        records == null ? List.of() : records,
        taint == null ? OptionalLong.empty() : OptionalLong.of(taint),
        errors == null ? List.of() : errors,
        space == null ? List.of() : space,
        services);
  }

  /** Since this OS booted. Any thread. */
  public long uptimeMillis() {
    return clock.uptimeMillis();
  }

  /** This boot's own id; empty where the kernel tells none. */
  public String bootId() {
    @Nullable String id =
        attempt(() -> BoundedFile.read(proc.resolve("sys/kernel/random/boot_id")).strip());
    return id == null ? "" : id;
  }

  /** A process's own memory, for {@link ServiceSample#memoryBytes}; 0 where it is gone. */
  public long ownBytes(long pid) {
    try {
      return SmapsRollup.parse(BoundedFile.read(proc.resolve(pid + "/smaps_rollup"))).ownBytes();
    } catch (IOException | UnreadableException e) {
      // A process may end at any time, and one that is ending has an empty file.
      return 0;
    }
  }

  private @Nullable Pressure pressure(String resource) {
    return attempt(
        () -> Pressure.parse(BoundedFile.read(proc.resolve("pressure").resolve(resource))));
  }

  private <T> @Nullable T attempt(Reading<T> reading) {
    try {
      return reading.read();
    } catch (IOException | UnreadableException e) {
      complain(e.getClass().getSimpleName() + ": " + e.getMessage());
      return null;
    }
  }

  private void complain(String complaint) {
    if (complained.size() < 64 && !complained.contains(complaint)) {
      complained.add(complaint);
      complaints.accept(complaint);
    }
  }

  @Override
  public void close() {
    if (kernelLog != null) {
      kernelLog.close();
    }
  }
}
