package io.tardigrade.agent;

import io.tardigrade.guest.GuestStatus;
import io.tardigrade.guest.HostPaths;
import io.tardigrade.linux.Command;
import io.tardigrade.preserve.BootTimes;
import io.tardigrade.preserve.Manifest;
import io.tardigrade.preserve.PreservedMemory;
import io.tardigrade.process.Program;
import io.tardigrade.recovery.GuestFate;
import io.tardigrade.recovery.Preserved;
import io.tardigrade.recoverymanager.ResetPort;
import io.tardigrade.reset.CrashKernel;
import io.tardigrade.reset.GuestFate.Fate;
import io.tardigrade.reset.HostReset;
import io.tardigrade.reset.NextKernel;
import io.tardigrade.reset.PreloadedKernel;
import io.tardigrade.reset.Repair;
import io.tardigrade.reset.SwitchingOver;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** Resets this host for the recovery ladder, as {@code host reset} does for an operator. */
final class PreparedHost implements ResetPort {
  private static final HostReset.Wanted SAME_KERNEL = new HostReset.Wanted(null, null, null);
  private static final List<Path> KEXEC =
      List.of(Path.of("/sbin/kexec"), Path.of("/usr/sbin/kexec"), Path.of("/usr/bin/kexec"));

  /** Loading takes a second and more of a processor; what failed so often fails again. */
  private static final int CRASH_FAILURES_MAX = 3;

  private final HostPaths paths;
  private final Function<String, Optional<GuestStatus>> statuses;
  private final Supplier<Repair> repair;
  private final PreservedMemory memory;
  private final HostReset reset;
  private final PreloadedKernel preloaded;
  private final Instant resumedAt;
  private final CrashKernel crash;
  private final Consumer<String> log;
  private int crashFailures;

  /**
   * The host with these paths.
   *
   * @param statuses asks a guest's guardian
   * @param repair of this host, as it may be had now
   * @param resumedAt when every guest ran that could go on after the boot
   * @param log is told each step of a reset, one line
   */
  PreparedHost(
      HostPaths paths,
      Function<String, Optional<GuestStatus>> statuses,
      Supplier<Repair> repair,
      Instant resumedAt,
      Consumer<String> log) {
    this.paths = paths;
    this.statuses = statuses;
    this.repair = repair;
    this.resumedAt = resumedAt;
    this.memory = new PreservedMemory(paths);
    this.reset = new HostReset(paths, statuses, log);
    this.preloaded = new PreloadedKernel(paths);
    this.crash = new CrashKernel(paths);
    this.log = log;
  }

  @Override
  public Preserved preserved() {
    try {
      if (memory.settings().isEmpty()) {
        return new Preserved(false, "this host sets no memory aside");
      }
      if (!memory.isMounted()) {
        return new Preserved(false, "it is not mounted; 'tardigrade doctor' says why");
      }
      if (KEXEC.stream().noneMatch(Files::isExecutable)) {
        return new Preserved(false, "kexec-tools are not installed");
      }
      NextKernel next = reset.next(SAME_KERNEL);
      preloaded.prepare(next);
      prepareForPanic(next);
      return new Preserved(true, "");
    } catch (IOException | RuntimeException e) {
      return new Preserved(false, String.valueOf(e.getMessage()));
    }
  }

  /** Without a crash kernel a panic takes longer; no reset is refused for that. */
  private void prepareForPanic(NextKernel next) {
    if (crashFailures == CRASH_FAILURES_MAX) {
      return;
    }
    try {
      var _ = crash.prepare(next);
    } catch (IOException | RuntimeException e) {
      crashFailures++;
      log.accept("a panic restarts this host by its firmware: no crash kernel: " + e.getMessage());
    }
  }

  @Override
  public List<GuestFate> fates() throws IOException {
    List<GuestFate> fates = new ArrayList<>();
    for (io.tardigrade.reset.GuestFate fate : reset.fates()) {
      if (fate.fate() != Fate.STAYS_STOPPED && fate.fate() != Fate.RETURNS) {
        boolean kept = fate.fate() == Fate.RESUME || fate.fate() == Fate.SWITCH_OVER;
        fates.add(
            new GuestFate(fate.guest(), kept, kept ? "" : fate.reason(), false, backup(fate)));
      }
    }
    return fates;
  }

  private GuestFate.@Nullable Backup backup(io.tardigrade.reset.GuestFate fate) {
    String host = fate.host();
    GuestStatus status = host == null ? null : statuses.apply(fate.guest()).orElse(null);
    return host == null || status == null ? null : StandstillEstimate.of(host, status);
  }

  @Override
  public String otherRepair() {
    return repair.get().other();
  }

  @Override
  public void switchOver(List<String> guests, String reason) throws IOException {
    repair.get().begin(reason);
    new SwitchingOver(paths, statuses, log)
        .all(reset.fates().stream().filter(fate -> guests.contains(fate.guest())).toList());
  }

  @Override
  public Optional<Sealed> sealedBy(String bootId) throws IOException {
    Optional<Manifest> found = memory.manifest(bootId);
    return found.isEmpty()
        ? Optional.empty()
        : Optional.of(sealed(found.get().onClockSetForward(found.get().setForward())));
  }

  private static Sealed sealed(Manifest manifest) {
    Instant begunAt = manifest.begunAt();
    return new Sealed(
        manifest.reason(),
        begunAt == null ? manifest.frozenAt() : begunAt,
        manifest.frozenAt(),
        manifest.sealedAt(),
        manifest.bootId(),
        manifest.kernel(),
        manifest.guests().stream().map(Manifest.Frozen::name).toList());
  }

  @Override
  public Booted booted() throws IOException {
    BootTimes boot = BootTimes.of(Command.attempt("dmesg").stdout());
    return new Booted(
        boot.kernel(), boot.init(), BootTimes.of(ProcessHandle.current().pid()), resumedAt);
  }

  @Override
  public void reset(String reason) throws IOException {
    List<io.tardigrade.reset.GuestFate> fates = reset.fates();
    // What held when it was decided need not hold any more.
    io.tardigrade.reset.GuestFate.refuseLosses(fates, false);
    reset.run(fates, reset.next(SAME_KERNEL), reason, Program.version(), repair.get());
  }
}
