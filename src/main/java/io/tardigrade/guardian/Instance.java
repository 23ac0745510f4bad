package io.tardigrade.guardian;

import io.tardigrade.block.Export;
import io.tardigrade.block.NbdServer;
import io.tardigrade.linux.Linux;
import io.tardigrade.memory.ComparingTracker;
import io.tardigrade.memory.DirtyTracker;
import io.tardigrade.memory.GuestRam;
import io.tardigrade.memory.SoftDirtyTracker;
import io.tardigrade.memory.UserfaultTracker;
import io.tardigrade.qemu.Hypervisor;
import io.tardigrade.qemu.HypervisorConfig;
import io.tardigrade.qemu.HypervisorLostException;
import io.tardigrade.qemu.QmpClient.HypervisorEvent;
import io.tardigrade.qemu.QmpException;
import java.io.Closeable;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * One hypervisor of the guest with all that is tied to its process: its block server, its dirty
 * tracking, the file its device state is saved to. Made ahead for a spare. One thread at a time.
 */
final class Instance implements Closeable {
  private static final int DEVICE_STATE_BYTES_START = 256 << 10;

  private final Hypervisor hypervisor;
  private final NbdServer blocks;
  private final GuestRam ram;
  private final DirtyTracker tracker;
  private final int deviceStateFd;
  private final String saveCommand;
  private final VcpuSleep vcpuSleep;
  private final Queue<HypervisorEvent> events;
  private MemorySegment deviceState = Arena.ofAuto().allocate(DEVICE_STATE_BYTES_START, 8);
  private boolean closed;

  private Instance(
      Hypervisor hypervisor,
      NbdServer blocks,
      GuestRam ram,
      DirtyTracker tracker,
      int deviceStateFd,
      long fdset,
      Queue<HypervisorEvent> events)
      throws IOException {
    this.hypervisor = hypervisor;
    this.blocks = blocks;
    this.ram = ram;
    this.tracker = tracker;
    this.deviceStateFd = deviceStateFd;
    this.saveCommand =
        "{\"execute\":\"xen-save-devices-state\",\"arguments\":{\"filename\":\"/dev/fdset/"
            + fdset
            + "\",\"live\":false}";
    this.vcpuSleep = new VcpuSleep(hypervisor.pid(), hypervisor.vcpuThreads());
    this.events = events;
  }

  /**
   * Starts a hypervisor, up to the point where it only has to be let run or given a state.
   *
   * @param engine dirty tracking engine to use, or null for the best there is
   */
  static Instance start(
      String qemu, HypervisorConfig config, Map<String, Export> exports, @Nullable String engine)
      throws IOException {
    Queue<HypervisorEvent> events = new ArrayDeque<>();
    NbdServer blocks =
        NbdServer.listen(config.runDir().resolve("nbd.sock"), exports, config.userId());
    Hypervisor hypervisor = null;
    DirtyTracker tracker = null;
    int stateFd = -1;
    try {
      hypervisor = Hypervisor.start(qemu, config, events::add);
      GuestRam ram = GuestRam.locate(hypervisor.pid(), config.ramFile(), config.ramBytes());
      tracker = track(hypervisor, ram, config.ramFile(), engine);
      // QEMU insists on a descriptor opened for writing only, which a memory file's first one is
      // not.
      int memory = Linux.memfdCreate("tardigrade-device-state");
      try {
        stateFd = Linux.open(Path.of("/proc/self/fd/" + memory), 1);
      } finally {
        Linux.close(memory);
      }
      long fdset =
          hypervisor
              .qmp()
              .executeWithFd("{\"execute\":\"add-fd\"", stateFd, deadline(10_000))
              .path("fdset-id")
              .asLong(-1);
      return new Instance(hypervisor, blocks, ram, tracker, stateFd, fdset, events);
    } catch (IOException e) {
      if (stateFd >= 0) {
        Linux.close(stateFd);
      }
      if (tracker != null) {
        tracker.close();
      }
      if (hypervisor != null) {
        hypervisor.close();
      }
      blocks.close();
      throw e;
    }
  }

  private static DirtyTracker track(
      Hypervisor hypervisor, GuestRam ram, Path image, @Nullable String engine) throws IOException {
    boolean any = engine == null;
    if (hypervisor.userfaultFd() >= 0) {
      if (any || "userfaultfd".equals(engine)) {
        return new UserfaultTracker(ram, hypervisor.userfaultFd());
      }
      Linux.close(hypervisor.userfaultFd());
    }
    if ((any || "soft-dirty".equals(engine)) && SoftDirtyTracker.supported()) {
      return new SoftDirtyTracker(ram);
    }
    if (any || "compare".equals(engine)) {
      return new ComparingTracker(ram, image);
    }
    throw new IOException(
        "dirty tracking by '" + engine + "' is not possible on this kernel; see doctor");
  }

  static long deadline(long millis) {
    return System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(millis);
  }

  Hypervisor hypervisor() {
    return hypervisor;
  }

  GuestRam ram() {
    return ram;
  }

  DirtyTracker tracker() {
    return tracker;
  }

  VcpuSleep vcpuSleep() {
    return vcpuSleep;
  }

  /** Events not handled yet, oldest first; filled by whoever reads the monitor. */
  Queue<HypervisorEvent> events() {
    return events;
  }

  /** Asks for the device state to be saved; returns the command's id. The guest must be paused. */
  long requestDeviceState() throws IOException {
    Linux.lseek(deviceStateFd, 0, 0);
    return hypervisor.qmp().send(saveCommand);
  }

  /** The device state saved last, valid until the next one is asked for. */
  MemorySegment deviceState() throws IOException {
    long bytes = Linux.lseek(deviceStateFd, 0, 1);
    if (bytes <= 0) {
      throw new IOException("hypervisor saved no device state");
    }
    if (bytes > deviceState.byteSize()) {
      deviceState = Arena.ofAuto().allocate(bytes * 2, 8);
    }
    int fd = Linux.open(Path.of("/proc/self/fd/" + deviceStateFd), Linux.O_RDONLY);
    try {
      MemorySegment part = deviceState.asSlice(0, bytes);
      if (Linux.pread(fd, part, 0) != bytes) {
        throw new IOException("device state of " + bytes + " bytes could not be read back");
      }
      return part;
    } finally {
      Linux.close(fd);
    }
  }

  /** Lets a spare go on from {@code state}; returns when its guest runs. */
  void resumeFrom(MemorySegment state, long deadlineNanos) throws IOException {
    int memory = Linux.memfdCreate("tardigrade-resume");
    try {
      long written = 0;
      while (written < state.byteSize()) {
        written += Linux.write(memory, state.asSlice(written));
      }
      Linux.lseek(memory, 0, 0);
      hypervisor
          .qmp()
          .executeWithFd(
              "{\"execute\":\"getfd\",\"arguments\":{\"fdname\":\"resume\"}",
              memory,
              deadlineNanos);
    } finally {
      Linux.close(memory);
    }
    hypervisor
        .qmp()
        .execute(
            "{\"execute\":\"migrate-incoming\",\"arguments\":{\"uri\":\"fd:resume\"}",
            deadlineNanos);
    hypervisor.qmp().awaitUntil(() -> seen("RESUME"), deadlineNanos, "word that the guest runs");
  }

  /** Whether the guest has powered off or reset itself; told to the main loop by the same event. */
  boolean hasEnded() {
    return seen("SHUTDOWN");
  }

  private boolean seen(String event) {
    return events.stream().anyMatch(e -> e.name().equals(event));
  }

  /** Lets a guest that stands before its first instruction run. */
  void boot(long deadlineNanos) throws IOException {
    hypervisor.qmp().execute("{\"execute\":\"cont\"", deadlineNanos);
  }

  /** What is known of how the hypervisor was lost, for the incident. */
  String describeLoss(IOException cause) {
    if (cause instanceof HypervisorLostException lost
        && lost.kind() == HypervisorLostException.Kind.HUNG) {
      return "hypervisor " + hypervisor.pid() + " hung: " + cause.getMessage();
    }
    if (cause instanceof QmpException) {
      return "hypervisor " + hypervisor.pid() + " failed: " + cause.getMessage();
    }
    return "hypervisor " + hypervisor.pid() + " died: " + cause.getMessage();
  }

  /** Waits until its process is gone, which may be long after {@link #close}; not for ever. */
  void awaitGone(long millisMax) {
    try {
      if (!hypervisor.awaitEnd(millisMax)) {
        Log.warn("hypervisor " + hypervisor.pid() + " has not ended yet");
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /**
   * Ends the hypervisor and lets go of everything. When it returns no write of the guest can reach
   * a volume any more; the process itself may take longer to be gone.
   */
  @Override
  public void close() throws IOException {
    if (closed) {
      return;
    }
    closed = true;
    hypervisor.kill();
    try {
      blocks.close();
    } finally {
      release();
    }
  }

  private void release() {
    tracker.close();
    vcpuSleep.close();
    Linux.close(deviceStateFd);
    hypervisor.close();
  }
}
