package io.tardigrade.story;

import io.tardigrade.monitor.DiskSample;
import io.tardigrade.monitor.EdacCount;
import io.tardigrade.monitor.HostSample;
import io.tardigrade.monitor.KernelRecord;
import io.tardigrade.monitor.MemInfo;
import io.tardigrade.monitor.Pressure;
import io.tardigrade.monitor.ServiceId;
import io.tardigrade.monitor.ServiceId.Role;
import io.tardigrade.monitor.ServiceSample;
import io.tardigrade.monitor.UnreadableException;
import io.tardigrade.recovery.GuestFate;
import io.tardigrade.recovery.Limits;
import io.tardigrade.recovery.Moment;
import io.tardigrade.recovery.Preserved;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/** A host that exists in figures only. What befalls it comes from a story's steps. */
final class SimulatedHost {
  private static final long DISK_BYTES = 100L << 30;
  private static final long MEMORY_SAMPLE_MILLIS = 5_000;
  private static final long DISK_SAMPLE_MILLIS = 60_000;

  /** The story's epoch: 2026-01-01T00:00:00Z. */
  private static final long UNIX_MILLIS = 1_767_225_600_000L;

  /** So long a host has run before its story begins. */
  private static final long UPTIME_MILLIS = 86_400_000;

  private final Map<ServiceId, SimulatedService> services = new LinkedHashMap<>();
  private final Map<String, GuestFate> guests = new LinkedHashMap<>();
  private SimulatedKernel kernel = new SimulatedKernel();
  private Preserved preserved = new Preserved(true, "");
  private boolean maintenance;
  private boolean resetsSucceed = true;
  private boolean switchoversSucceed = true;
  private String repair = "";
  private boolean diagnosesSucceed = true;
  private long memoryBytes = 16L << 30;
  private long diskFreeBytes = 60L << 30;
  private int loadPercent = 20;
  private long storyMillis;
  private long uptimeMillis = UPTIME_MILLIS;
  private long clockMillis = UNIX_MILLIS;
  private int boots = 1;
  private long pids = 1000;

  SimulatedHost() {
    services.put(ServiceId.AGENT, new SimulatedService(ServiceId.AGENT, pids++, uptimeMillis));
  }

  Moment now() {
    return new Moment(clockMillis, uptimeMillis, "boot-" + boots);
  }

  long storyMillis() {
    return storyMillis;
  }

  boolean isUnderMaintenance() {
    return maintenance;
  }

  Preserved preserved() {
    return preserved;
  }

  List<GuestFate> guests() {
    return List.copyOf(guests.values());
  }

  boolean resetsSucceed() {
    return resetsSucceed;
  }

  /** As the coordination service tells it. */
  String otherRepair() {
    return repair.isEmpty() ? "" : "host " + repair + " is being repaired, and only one host is";
  }

  /** Has a guest run on its backup; false where it does not go. */
  boolean switchOver(String guest) {
    if (switchoversSucceed) {
      guests.remove(guest);
      services.keySet().removeIf(id -> id.guest().equals(guest));
    }
    return switchoversSucceed;
  }

  boolean diagnosesSucceed() {
    return diagnosesSucceed;
  }

  /** Time passes, and everything that goes on goes on. */
  void pass(long millis) {
    storyMillis += millis;
    uptimeMillis += millis;
    clockMillis += millis;
    kernel.pass(millis, loadPercent);
    services.values().forEach(service -> service.pass(uptimeMillis, millis));
  }

  /** Something befalls it. Steps that are none of the host's are left out. */
  void befall(Step step) {
    switch (step) {
      case Step.Memory memory -> memoryBytes = memory.bytes();
      case Step.Disk disk -> diskFreeBytes = Math.min(DISK_BYTES, disk.freeBytes());
      case Step.PreservedMemory given -> preserved = new Preserved(given.armed(), given.why());
      case Step.Guest guest -> addGuest(guest);
      case Step.Replicated guest -> addReplicated(guest);
      case Step.Repair given -> repair = given.host();
      case Step.Switchovers given -> switchoversSucceed = given.succeed();
      case Step.Maintenance given -> maintenance = given.on();
      case Step.Kill kill -> end(kill.service(), "its process was ended by signal 9");
      case Step.Hang hang -> service(hang.service()).hang();
      case Step.Stick stick -> service(stick.service()).stick();
      case Step.CrashLoop loop -> service(loop.service()).crashLoop(loop.on());
      case Step.LeakKernel leak -> kernel.leak(leak.bytesPerSecond());
      case Step.LeakService leak -> service(leak.service()).leak(leak.bytesPerSecond());
      case Step.KernelLog record -> kernel.log(uptimeMillis, record.text());
      case Step.Corrected errors -> kernel.corrected(errors.module(), errors.count());
      case Step.PageLost lost -> losePage(lost.service());
      case Step.KernelPageLost _ ->
          kernel.log(
              uptimeMillis,
              "Memory failure: 0x40272d: recovery action for get hwpoison page: Ignored");
      case Step.Load load -> loadPercent = load.percent();
      case Step.Clock clock -> clockMillis += clock.millis();
      case Step.Pause pause -> standStill(pause.millis());
      case Step.Resets given -> resetsSucceed = given.succeed();
      case Step.Diagnoses given -> diagnosesSucceed = given.succeed();
      case Step.Acknowledge _, Step.End _ -> {}
    }
  }

  private SimulatedService service(ServiceId id) {
    SimulatedService service = services.get(id);
    if (service == null) {
      throw new IllegalStateException("the story has no " + id.text());
    }
    return service;
  }

  private void addGuest(Step.Guest guest) {
    add(GuestFate.alone(guest.name(), guest.resettable(), guest.why(), guest.expendable()));
  }

  private void addReplicated(Step.Replicated guest) {
    GuestFate.Backup backup =
        new GuestFate.Backup(guest.host(), guest.switchoverMillis(), Limits.RESET_ASSUMED_MILLIS);
    add(new GuestFate(guest.name(), true, "", false, backup));
  }

  private void add(GuestFate guest) {
    guests.put(guest.guest(), guest);
    for (ServiceId id :
        List.of(ServiceId.guardian(guest.guest()), ServiceId.hypervisor(guest.guest()))) {
      services.put(id, new SimulatedService(id, pids++, uptimeMillis));
    }
  }

  private void end(ServiceId id, String how) {
    service(id).end(how);
    if (id.role() == Role.GUARDIAN) {
      // The kernel ends hypervisors with their guardian.
      service(ServiceId.hypervisor(id.guest())).end("it ended with its guardian");
    }
  }

  private void losePage(ServiceId id) {
    kernel.log(
        uptimeMillis,
        "Memory failure: 0x1a2b3: Sending SIGBUS to qemu-system-x86:"
            + service(id).pid()
            + " due to hardware memory corruption");
  }

  /** Nothing runs, and the clocks go on: what had to answer could not. */
  private void standStill(long millis) {
    storyMillis += millis;
    uptimeMillis += millis;
    clockMillis += millis;
  }

  /** Recycles a service; false where it is stuck. */
  boolean recycle(ServiceId id) {
    if (service(id).isStuck()) {
      return false;
    }
    service(id).start(pids++, uptimeMillis);
    if (id.equals(ServiceId.AGENT)) {
      kernel.rewindLog();
    }
    if (id.role() == Role.GUARDIAN) {
      service(ServiceId.hypervisor(id.guest())).start(pids++, uptimeMillis);
    }
    return true;
  }

  /** A new operating system, the guests resumed in it, after {@code millis}. */
  void reset(long millis) {
    storyMillis += millis;
    clockMillis += millis;
    uptimeMillis = millis / 2;
    boots++;
    kernel = new SimulatedKernel();
    services.values().forEach(service -> service.start(pids++, uptimeMillis));
  }

  /** A sample as the sources would take it of a real host. */
  HostSample sample() {
    try {
      return read();
    } catch (UnreadableException e) {
      throw new IllegalStateException("the simulated kernel writes what cannot be read", e);
    }
  }

  private HostSample read() throws UnreadableException {
    @Nullable MemInfo memory = null;
    @Nullable Pressure cpu = null;
    @Nullable Pressure waiting = null;
    if (storyMillis % MEMORY_SAMPLE_MILLIS == 0) {
      long processes = services.values().stream().mapToLong(SimulatedService::bytes).sum();
      memory = MemInfo.parse(kernel.memInfo(memoryBytes, processes, loadPercent, uptimeMillis));
      cpu = Pressure.parse(kernel.cpuPressure());
      waiting = Pressure.parse(kernel.memoryPressure(memory.availableBytes()));
    }
    List<KernelRecord> records = new ArrayList<>();
    for (String record : kernel.newLog()) {
      records.add(KernelRecord.parse(record));
    }
    List<EdacCount> errors = new ArrayList<>();
    for (Map.Entry<String, Long> module : kernel.corrected().entrySet()) {
      errors.add(
          EdacCount.parse("mc0/dimm0", module.getKey() + "\n", module.getValue() + "\n", "0\n"));
    }
    List<DiskSample> disks =
        storyMillis % DISK_SAMPLE_MILLIS == 0
            ? List.of(new DiskSample("/var/lib/tardigrade", DISK_BYTES, diskFreeBytes, 0, ""))
            : List.of();
    List<ServiceSample> samples = services.values().stream().map(SimulatedService::sample).toList();
    return new HostSample(
        uptimeMillis,
        clockMillis,
        memory,
        cpu,
        waiting,
        null,
        records,
        OptionalLong.of(kernel.taint()),
        errors,
        disks,
        samples);
  }
}
