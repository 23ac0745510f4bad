package io.tardigrade.reset;

import io.tardigrade.guardian.Freeze;
import io.tardigrade.guardian.Freezing;
import io.tardigrade.guest.GuestFiles;
import io.tardigrade.guest.GuestStatus;
import io.tardigrade.guest.HostPaths;
import io.tardigrade.launch.RefusedException;
import io.tardigrade.linux.Command;
import io.tardigrade.preserve.BootId;
import io.tardigrade.preserve.ClockMark;
import io.tardigrade.preserve.Life;
import io.tardigrade.preserve.Manifest;
import io.tardigrade.preserve.PreservedMemory;
import io.tardigrade.preserve.Region;
import io.tardigrade.preserve.ResetLock;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Replaces the host's operating system beneath its guests.
 *
 * <pre>
 *   preflight ─▶ next kernel loaded ─▶ run elsewhere who can ─▶ others frozen ─▶ disks synced ─▶ manifest sealed ─▶ jump
 * </pre>
 *
 * <p>Up to the jump every failure is taken back: the guests go on where they are. A loss of power
 * leaves each guest restartable from its disk at its newest commit, at every step.
 */
public final class HostReset {

  private static final Duration SYNC_MAX = Duration.ofMinutes(2);

  private final HostPaths paths;
  private final PreservedMemory memory;
  private final Function<String, Optional<GuestStatus>> statuses;
  private final Consumer<String> progress;
  private final ClockMark.Reading made = ClockMark.Reading.now();

  /**
   * @param statuses asks a guest's guardian
   * @param progress is told each step, one line
   */
  public HostReset(
      HostPaths paths,
      Function<String, Optional<GuestStatus>> statuses,
      Consumer<String> progress) {
    this.paths = paths;
    this.memory = new PreservedMemory(paths);
    this.statuses = statuses;
    this.progress = progress;
  }

  /**
   * What to boot; null for what runs.
   *
   * @param kernel file of the kernel
   * @param initrd its initial file system
   * @param commandLine its arguments; the region is added
   */
  public record Wanted(
      @Nullable Path kernel, @Nullable Path initrd, @Nullable String commandLine) {}

  /** Every guest and what a reset now would do to it, in the order of their names. */
  public List<GuestFate> fates() throws IOException {
    boolean mounted = memory.isMounted();
    List<GuestFate> fates = new ArrayList<>();
    for (String name : GuestFiles.names(paths)) {
      GuestFiles files = GuestFiles.of(paths, name);
      boolean wanted = files.desiredRunning();
      fates.add(
          GuestFate.of(
              name,
              wanted,
              Life.read(files.folder()).map(Life::place).orElse(null),
              mounted,
              wanted ? statuses.apply(name) : Optional.empty()));
    }
    return fates;
  }

  /**
   * The kernel that a reset boots.
   *
   * @throws IOException where it is not there, or no region is reserved
   */
  public NextKernel next(Wanted wanted) throws IOException {
    String running = Files.readString(Path.of("/proc/cmdline"));
    Region region =
        Region.of(running)
            .orElseThrow(() ->
                RefusedException.conflict(
                    "no memory is preserved on this host: 'tardigrade host preserve' says how"
                        + " to prepare it"));
    String release = Files.readString(Path.of("/proc/sys/kernel/osrelease")).strip();
    @Nullable Path kernel = wanted.kernel();
    @Nullable Path initrd = wanted.initrd();
    @Nullable String commandLine = wanted.commandLine();
    NextKernel next =
        new NextKernel(
            kernel == null ? NextKernel.kernelOf(release) : kernel,
            initrd == null ? NextKernel.initrdOf(release) : initrd,
            NextKernel.reserving(commandLine == null ? running : commandLine, region));
    for (Path file : List.of(next.kernel(), next.initrd())) {
      if (!Files.isRegularFile(file)) {
        throw RefusedException.notFound(
            file + " does not exist; name the kernel to boot with --kernel and --initrd");
      }
    }
    return next;
  }

  /**
   * Does it all; returns only where it fails, with the guests going on. One at a time: another is
   * refused, on this host and on others of its cluster.
   */
  public void run(
      List<GuestFate> fates, NextKernel next, String reason, String program, Repair repair)
      throws IOException {
    Optional<ResetLock> lock = ResetLock.take(paths);
    if (lock.isEmpty()) {
      throw RefusedException.conflict(
          "this host is being reset already, by somebody else, or a guest of it is being moved; wait"
              + " for that");
    }
    try (ResetLock _ = lock.get()) {
      repair.begin(reason);
      try {
        runAlone(fates, next, reason, program);
      } catch (IOException | RuntimeException e) {
        attempt(e, repair::end);
        throw e;
      }
    }
  }

  private void runAlone(List<GuestFate> fates, NextKernel next, String reason, String program)
      throws IOException {
    if (!memory.isMounted()) {
      throw RefusedException.conflict(
          "preserved memory is not mounted at "
              + paths.preserved()
              + "; 'tardigrade doctor' says why");
    }
    progress.accept("loading " + next.kernel());
    new PreloadedKernel(paths).ensure(next);
    SwitchingOver elsewhere = new SwitchingOver(paths, statuses, progress);
    elsewhere.all(fates);
    List<String> held = new ArrayList<>();
    try {
      // What is done here for the first time, and what is written here, is not while guests stand
      // still.
      memory.seal(manifest(Instant.now(), Instant.now(), reason, program, List.of()));
      memory.unseal();
      sync();
      for (GuestFate fate : fates) {
        if (fate.fate() == GuestFate.Fate.RESTART) {
          held.add(fate.guest());
          progress.accept("stopping " + fate.guest());
          ShutDown.guest(paths, fate.guest());
        }
      }
      Instant begun = Instant.now();
      List<Manifest.Frozen> frozen =
          freeze(
              fates.stream()
                  .filter(fate -> fate.fate() == GuestFate.Fate.RESUME)
                  .map(GuestFate::guest)
                  .toList(),
              held);
      elsewhere.checkStillElsewhere(fates);
      Instant frozenAt = Instant.now();
      progress.accept(frozen.size() + " guests stand still" + since(begun));
      sync();
      progress.accept("disks synced" + since(frozenAt));
      Instant begin = Instant.now();
      memory.seal(manifest(begun, frozenAt, reason, program, frozen));
      Command.Result _ = Command.attempt("umount", paths.preserved().toString());
      progress.accept("manifest sealed" + since(begin));
      Kexec.jump();
    } catch (IOException | RuntimeException e) {
      takeBack(held, e);
      throw e;
    }
  }

  private static void sync() throws IOException {
    String _ = Command.run(List.of("sync"), "", SYNC_MAX);
  }

  private Manifest manifest(
      Instant begunAt,
      Instant frozenAt,
      String reason,
      String program,
      List<Manifest.Frozen> frozen)
      throws IOException {
    ClockMark now = ClockMark.since(made);
    return new Manifest(
        BootId.current(),
        frozenAt,
        now.at(),
        reason,
        program,
        Files.readString(Path.of("/proc/sys/kernel/osrelease")).strip(),
        frozen,
        begunAt,
        now);
  }

  private static String since(Instant begin) {
    return " after " + Duration.between(begin, Instant.now()).toMillis() + " ms";
  }

  /** Step by step: whatever fails, nobody is to stay frozen. */
  private void takeBack(List<String> held, Exception cause) {
    attempt(
        cause,
        () -> {
          var _ = memory.bringUp();
          memory.unseal();
        });
    for (String name : held) {
      attempt(cause, () -> Freeze.thaw(paths, name));
    }
    attempt(cause, Kexec::unload);
  }

  private interface Step {
    void take() throws IOException;
  }

  private static void attempt(Exception cause, Step step) {
    try {
      step.take();
    } catch (IOException | RuntimeException e) {
      cause.addSuppressed(e);
    }
  }

  private List<Manifest.Frozen> freeze(List<String> guests, List<String> held) throws IOException {
    held.addAll(guests);
    List<Manifest.Frozen> sealed = new ArrayList<>();
    try {
      List<Freeze> frozen = Freezing.freeze(paths, guests);
      for (int i = 0; i < guests.size(); i++) {
        sealed.add(frozen.get(i).sealed(guests.get(i)));
      }
    } catch (IOException e) {
      throw new IOException(e.getMessage() + "; the host is not reset", e);
    }
    return sealed;
  }
}
