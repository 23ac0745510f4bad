package io.tardigrade.control;

import io.tardigrade.guest.GuestFiles;
import io.tardigrade.guest.GuestStatus;
import io.tardigrade.guest.GuestStatus.State;
import io.tardigrade.guest.HostPaths;
import java.io.IOException;
import java.time.Instant;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** Guardians without guests: a guest runs as soon as the agent is called, until it is stopped. */
public final class FakeControl implements GuestControl {
  public final Map<String, GuestStatus> running = new TreeMap<>();

  /** How a guest that the agent starts ends at once; null where it runs on. */
  public GuestFiles.@Nullable Outcome endsAtOnce;

  private HostPaths paths = HostPaths.of(Map.of());

  public FakeControl in(HostPaths where) {
    paths = where;
    return this;
  }

  @Override
  public Optional<GuestStatus> status(String guest) {
    return Optional.ofNullable(running.get(guest));
  }

  @Override
  public boolean stop(String guest, long timeoutMillis) {
    GuestFiles files = GuestFiles.of(paths, guest);
    if (running.remove(guest) == null) {
      return false;
    }
    try {
      files.writeOutcome(
          new GuestFiles.Outcome(State.STOPPED, "stopped by the user", 0, Instant.EPOCH));
    } catch (IOException e) {
      throw new AssertionError(e);
    }
    return true;
  }

  @Override
  public void startWanted() throws IOException {
    for (String name : GuestFiles.names(paths)) {
      GuestFiles files = GuestFiles.of(paths, name);
      GuestFiles.@Nullable Outcome end = endsAtOnce;
      if (files.desiredRunning() && end != null) {
        files.writeOutcome(end);
        files.writeDesired(false);
      } else if (files.desiredRunning()) {
        GuestStatus stopped = new StatusReader(paths, this).of(name);
        running.put(name, as(State.RUNNING, stopped));
      }
    }
  }

  public static GuestStatus as(State state, GuestStatus s) {
    return new GuestStatus(
        s.name(),
        state,
        null,
        s.address(),
        s.mac(),
        s.memoryBytes(),
        s.vcpus(),
        s.accelerator(),
        s.machine(),
        s.program(),
        s.publish(),
        s.volumes(),
        s.createdAt(),
        new GuestStatus.ProcessStatus(11L, 1L << 20),
        new GuestStatus.ProcessStatus(12L, 2L << 20),
        true,
        new GuestStatus.Protection(
            "userfaultfd",
            42,
            new GuestStatus.Quantiles(0.0026, 0.0035, 40),
            new GuestStatus.Quantiles(null, null, 0),
            new GuestStatus.Quantiles(94.0, 169.0, 40),
            4096,
            0),
        s.recoveries(),
        null,
        null);
  }
}
