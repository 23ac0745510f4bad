package io.tardigrade.doctor;

import io.tardigrade.guest.GuestFiles;
import io.tardigrade.guest.HostPaths;
import io.tardigrade.guest.Quantities;
import io.tardigrade.linux.Command;
import io.tardigrade.preserve.Life;
import io.tardigrade.preserve.Place;
import io.tardigrade.preserve.PreservedMemory;
import io.tardigrade.preserve.Region;
import io.tardigrade.reset.CrashKernel;
import io.tardigrade.reset.PreloadedKernel;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Whether guests would outlive this host's operating system, which of them, and why not. */
final class PreservedCheck {
  private static final String NAME = "preserved memory";

  private PreservedCheck() {}

  static Check of(HostPaths paths) {
    try {
      return examine(paths);
    } catch (IOException e) {
      return Check.note(NAME, "cannot be examined: " + e.getMessage());
    }
  }

  private static Check examine(HostPaths paths) throws IOException {
    PreservedMemory memory = new PreservedMemory(paths);
    Optional<PreservedMemory.Settings> settings = memory.settings();
    if (settings.isEmpty()) {
      return Check.note(
          NAME, "not armed: nothing is prepared; 'tardigrade host preserve --size SIZE' does it");
    }
    Region region = settings.get().region();
    String commandLine = Files.readString(Path.of("/proc/cmdline"));
    if (!Region.of(commandLine).equals(Optional.of(region))) {
      return Check.note(
          NAME,
          "not armed: the running kernel does not reserve it; boot with " + region.argument());
    }
    if (!memory.isMounted()) {
      return Check.note(
          NAME, "not armed: not mounted at " + paths.preserved() + "; 'tardigrade host resume'");
    }
    try {
      String _ = Command.run("kexec", "--version");
    } catch (IOException e) {
      return Check.note(NAME, "kept after a panic only: install kexec-tools for 'host reset'");
    }
    List<String> kept = new ArrayList<>();
    for (String name : GuestFiles.names(paths)) {
      if (Life.read(paths.guest(name))
          .filter(life -> life.place() == Place.PRESERVED)
          .isPresent()) {
        kept.add(name);
      }
    }
    return Check.ok(
        NAME,
        "armed, "
            + Quantities.bytes(memory.freeBytes())
            + " free; the next kernel is "
            + (PreloadedKernel.isAny() ? "loaded" : "not loaded yet, the agent does that by itself")
            + "; a panic "
            + new CrashKernel(paths)
                .missing()
                .map(why -> "restarts the host by its firmware: " + why)
                .orElse("boots the crash kernel, which is loaded")
            + "; kept now: "
            + (kept.isEmpty() ? "no guest" : String.join(", ", kept)));
  }
}
