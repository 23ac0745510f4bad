package io.tardigrade.recoverymanager;

import io.tardigrade.linux.ThreadTime;
import io.tardigrade.monitor.HostSample;
import io.tardigrade.monitor.HostSource;
import io.tardigrade.monitor.ServiceId;
import io.tardigrade.monitor.ServiceSample;
import io.tardigrade.recovery.GuestFate;
import io.tardigrade.recovery.Preserved;
import java.io.Closeable;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Looks at the host once a second on a thread of its own. Any file of a sick kernel may hang
 * whoever reads it; those who act must not be that one. What was read waits here until it is taken.
 */
final class HostEyes implements Closeable {
  private static final long LOOK_MILLIS = 1_000;

  /** Adding up a process's memory takes the kernel milliseconds. */
  private static final long MEMORY_MILLIS = 15_000;

  private static final long RESET_MILLIS = 10_000;

  private final HostSource source;
  private final ResetPort reset;
  private final Consumer<String> log;
  private final AtomicReference<@Nullable HostSample> fresh = new AtomicReference<>();
  private final Map<Long, Long> memory = new ConcurrentHashMap<>();
  private final Thread thread;
  private volatile List<ServiceSample> services = List.of();
  private volatile ResetView view =
      new ResetView(new Preserved(false, "not looked at yet"), List.of(), "");
  private volatile long cpuNanos;
  private volatile boolean closed;

  /** What a reset would do. */
  record ResetView(Preserved preserved, List<GuestFate> fates, String otherRepair) {
    ResetView {
      fates = List.copyOf(fates);
    }
  }

  HostEyes(HostSource source, ResetPort reset, Consumer<String> log) {
    this.source = source;
    this.reset = reset;
    this.log = log;
    this.thread = Thread.ofPlatform().name("monitor").daemon().unstarted(this::run);
  }

  void start() {
    thread.start();
  }

  private void run() {
    long memoryAt = Long.MIN_VALUE;
    long resetAt = Long.MIN_VALUE;
    while (!closed) {
      long now = source.uptimeMillis();
      try {
        if (now - RESET_MILLIS >= resetAt) {
          resetAt = now;
          lookAtReset();
        }
        if (now - MEMORY_MILLIS >= memoryAt && !services.isEmpty()) {
          memoryAt = now;
          lookAtMemory();
        }
        // What nobody has taken yet holds records of the kernel's log that are told once only.
        if (fresh.get() == null) {
          fresh.set(source.sample(List.of()));
        }
        cpuNanos = cpuNanosOfThisThread();
        Thread.sleep(LOOK_MILLIS);
      } catch (InterruptedException e) {
        return;
      } catch (RuntimeException e) {
        log.accept("monitors: " + e);
      }
    }
  }

  private void lookAtReset() {
    try {
      view = new ResetView(reset.preserved(), reset.fates(), reset.otherRepair());
    } catch (IOException e) {
      view = new ResetView(new Preserved(false, String.valueOf(e.getMessage())), List.of(), "");
    }
  }

  private void lookAtMemory() {
    List<ServiceSample> current = services;
    for (ServiceSample service : current) {
      if (service.pid() > 0) {
        memory.put(service.pid(), source.ownBytes(service.pid()));
      }
    }
    memory.keySet().removeIf(pid -> current.stream().noneMatch(s -> s.pid() == pid));
  }

  private static long cpuNanosOfThisThread() {
    try {
      return ThreadTime.ofThisThread().ranNanos();
    } catch (IOException e) {
      // The figure is left out.
      return 0;
    }
  }

  /**
   * The host as it was last looked at, with its services as they are now; what was told once is not
   * told again.
   */
  HostSample take(List<ServiceSample> now, long uptimeMillis) {
    services = now;
    List<ServiceSample> weighed = now.stream().map(this::withMemory).toList();
    HostSample read = fresh.getAndSet(null);
    return read == null
        ? HostSample.ofServices(uptimeMillis, System.currentTimeMillis(), weighed)
        : read.at(uptimeMillis, weighed);
  }

  private ServiceSample withMemory(ServiceSample service) {
    long own = memory.getOrDefault(service.pid(), 0L);
    // A hypervisor's own memory begins where its guest's RAM ends.
    long guest = service.id().role() == ServiceId.Role.HYPERVISOR ? service.memoryBytes() : 0;
    return new ServiceSample(
        service.id(),
        service.state(),
        service.pid(),
        service.answeredMillis(),
        service.latencyMillis(),
        Math.max(0, own - guest),
        service.budgetBytes(),
        service.detail());
  }

  ResetView reset() {
    return view;
  }

  /** What looking has cost this thread so far. */
  long cpuNanos() {
    return cpuNanos;
  }

  @Override
  public void close() {
    closed = true;
    thread.interrupt();
    try {
      thread.join(200);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    if (!thread.isAlive()) {
      source.close();
    }
  }
}
