package io.tardigrade.guardian;

import io.tardigrade.block.Volume;
import io.tardigrade.block.VolumeSet;
import io.tardigrade.checkpoint.CommittedImage;
import io.tardigrade.guest.GuestFiles;
import io.tardigrade.guest.GuestSpec;
import io.tardigrade.guest.GuestStatus;
import io.tardigrade.guest.Json;
import io.tardigrade.incident.EventLog;
import io.tardigrade.incident.Incident;
import io.tardigrade.incident.IncidentStore;
import io.tardigrade.linux.Command;
import io.tardigrade.linux.Linux;
import io.tardigrade.memory.PageRanges;
import io.tardigrade.network.FrameReader;
import io.tardigrade.network.InboundLog;
import io.tardigrade.network.OutputGate;
import io.tardigrade.network.Tap;
import io.tardigrade.preserve.Life;
import io.tardigrade.qemu.Hypervisor;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.jar.JarEntry;
import java.util.jar.JarFile;
import java.util.regex.Pattern;
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

  /** What a guardian is made of. */
  private static final Pattern PARTS =
      Pattern.compile(
          "io/tardigrade/(block|checkpoint|core|guardian|guest|image|incident|launch|linux|memory"
              + "|network|preserve|process|qemu)/[^/]*[.]class");

  private static final String SPEC =
      """
      {"version":1,"name":"x","memory_bytes":1048576,"vcpus":1,"checkpoint_interval_millis":1,
      "hang_timeout_millis":1,"protect":true,"fixed_timer":false,"engine":null,"machine":"MICROVM",
      "accelerator":"TCG","kernel":"k","initrd":"i","kernel_command_line":"","root_disk":null,
      "volumes":[{"volume":"v","path":"/v"}],
      "publish":[{"host_address":"","host_port":1,"guest_port":1,"protocol":"tcp"}],
      "address":"","prefix_length":24,"gateway":"","nameservers":[""],"mac":"","tap":"",
      "bridge":"","user_id":1,"program":"","created_at":"2000-01-01T00:00:00Z"}
      """;

  private WarmUp() {}

  /**
   * Loads all that any guardian is made of, and does what it may need, so that it gets into the
   * JDK's cache of linked classes; used by the launcher when it has built.
   */
  public static void main(String[] arguments) throws IOException {
    try (JarFile jar =
        new JarFile(
            Path.of(WarmUp.class.getProtectionDomain().getCodeSource().getLocation().getPath())
                .toFile())) {
      for (JarEntry entry : Collections.list(jar.entries())) {
        if (PARTS.matcher(entry.getName()).matches()) {
          load(entry.getName().replace(".class", "").replace('/', '.'));
        }
      }
    }
    run();
  }

  private static void load(String name) {
    try {
      var _ = Class.forName(name, false, WarmUp.class.getClassLoader());
    } catch (ClassNotFoundException e) {
      throw new IllegalStateException(e);
    }
  }

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
      var _ = Json.parse("spec", SPEC, GuestSpec.class);
      var _ = Life.read(folder);
      openDisk(folder);
      Command.Result _ = Command.attempt("true");
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

  private static void openDisk(Path folder) throws IOException {
    Path file = folder.resolve("disk");
    Files.write(file, new byte[1 << 16]);
    try (VolumeSet disks = new VolumeSet(List.of(Volume.open(file, folder.resolve("disk.log"))))) {
      disks.recoverTo(disks.lastPrepared());
      disks.begin(0);
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
