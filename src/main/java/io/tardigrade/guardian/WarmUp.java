package io.tardigrade.guardian;

import io.tardigrade.block.VolumeSet;
import io.tardigrade.checkpoint.CommittedImage;
import io.tardigrade.guest.GuestFiles;
import io.tardigrade.guest.GuestStatus;
import io.tardigrade.guest.Json;
import io.tardigrade.incident.EventLog;
import io.tardigrade.incident.Incident;
import io.tardigrade.incident.IncidentStore;
import io.tardigrade.linux.Linux;
import io.tardigrade.memory.PageRanges;
import io.tardigrade.network.FrameReader;
import io.tardigrade.network.InboundLog;
import io.tardigrade.network.OutputGate;
import io.tardigrade.network.Tap;
import io.tardigrade.qemu.Hypervisor;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;

/**
 * Takes a guardian that has no guest yet through what it will do when it gets one: binding system
 * calls, loading classes, committing a checkpoint to a small image. That is most of what a guardian
 * takes to be of use.
 */
public final class WarmUp {
  private static final long RAM_BYTES = 1 << 20;
  private static final List<Class<?>> CLASSES =
      List.of(
          Guardian.class,
          GuestLoop.class,
          Instance.class,
          Resources.class,
          RecoveryJournal.class,
          ControlServer.class,
          Hypervisor.class,
          GuestFiles.class,
          EventLog.class,
          IncidentStore.class,
          Tap.class,
          VolumeSet.class);

  private WarmUp() {}

  /** Does it; nothing is left of it. */
  public static void run() throws IOException {
    for (Class<?> type : CLASSES) {
      try {
        Class.forName(type.getName());
      } catch (ClassNotFoundException e) {
        throw new IllegalStateException(e);
      }
    }
    Path folder = Files.createTempDirectory("tardigrade-warm-up-");
    try {
      commitSomething(folder.resolve("image"));
      Incident incident =
          new Incident(
              "",
              "warm-up",
              java.time.Instant.now(),
              "",
              "",
              List.of(),
              List.of(),
              java.util.Map.of(),
              0,
              0,
              "");
      var _ = Json.parse("incident", Json.line(incident), Incident.class);
      var _ = Json.line(new GuestStatus.Quantiles(1.0, 2.0, 3));
      startSomething();
    } finally {
      remove(folder);
    }
  }

  private static void commitSomething(Path dir) throws IOException {
    try (Arena arena = Arena.ofConfined();
        CommittedImage image = CommittedImage.create(dir, RAM_BYTES);
        Poller poller = new Poller()) {
      poller.watch(-1);
      poller.wake();
      poller.await(0);
      MemorySegment state = arena.allocate(4096);
      for (long epoch = 1; epoch <= 20; epoch++) {
        var staging = image.beginStaging(epoch);
        if (staging != null) {
          staging.reserve(4);
          staging.add(epoch, state);
          staging.deviceState(state);
          image.seal(staging);
          image.apply(staging);
        }
      }
      PageRanges ranges = new PageRanges();
      ranges.add(1, 1);
      ranges.normalise();
      var _ = new OutputGate(0).openFrames();
      var _ = new InboundLog().frames();
      new FrameReader(arena).reset();
      var _ = Linux.geteuid();
    }
    try (CommittedImage image = CommittedImage.open(dir)) {
      var _ = image.deviceState();
    }
  }

  private static void startSomething() throws IOException {
    Process process = new ProcessBuilder("true").start();
    try {
      process.waitFor();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private static void remove(Path folder) throws IOException {
    try (Stream<Path> files = Files.walk(folder)) {
      for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
        Files.deleteIfExists(file);
      }
    }
  }
}
