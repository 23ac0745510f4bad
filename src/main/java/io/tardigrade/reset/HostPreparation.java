package io.tardigrade.reset;

import io.tardigrade.guest.HostPaths;
import io.tardigrade.guest.UsageException;
import io.tardigrade.launch.RefusedException;
import io.tardigrade.linux.Command;
import io.tardigrade.preserve.PreservedMemory;
import io.tardigrade.preserve.Region;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Prepares a host to preserve memory: a region reserved by every kernel from the next boot on. Once
 * the running kernel reserves it, it gets its file system and is mounted.
 */
public final class HostPreparation {
  private static final Path GRUB_FOLDER = Path.of("/etc/default/grub.d");
  private static final Path GRUB_FILE = GRUB_FOLDER.resolve("tardigrade.cfg");

  /** A host with less left needs it for itself: there a panic goes by the firmware. */
  private static final long REST_BYTES_MIN_FOR_CRASH = 1280L << 20;

  private static final Duration GRUB_MAX = Duration.ofMinutes(2);

  private final PreservedMemory memory;

  /** Of the installation with these paths. */
  public HostPreparation(HostPaths paths) {
    this.memory = new PreservedMemory(paths);
  }

  /**
   * What is to be done.
   *
   * @param region to be reserved
   * @param reserved whether the running kernel does so
   * @param crash whether there is room for a crash kernel beside it
   */
  public record Plan(Region region, boolean reserved, boolean crash) {
    /** What the kernel is to be told. */
    String arguments() {
      // Without an automatic reboot a panic would leave the host standing.
      return region.argument() + (crash ? " " + CrashKernel.ARGUMENT : "") + " panic=1";
    }

    /** Its steps, for people. */
    public List<String> steps() {
      List<String> steps = new ArrayList<>();
      steps.add(
          "reserve %d MiB of memory from %d MiB on: %s"
              .formatted(region.sizeBytes() >> 20, region.startBytes() >> 20, region.argument()));
      if (!reserved) {
        steps.add(
            crash
                ? "set memory aside for a crash kernel, which a panic boots at once: "
                    + CrashKernel.ARGUMENT
                : "no crash kernel, for too little memory would be left: a panic restarts the host"
                    + " by its firmware (panic=1)");
      }
      if (reserved) {
        steps.add("the running kernel reserves them already: give them a file system and mount it");
      } else if (Files.isDirectory(GRUB_FOLDER)) {
        steps.add("write " + GRUB_FILE + " and run update-grub; it takes effect at the next boot");
      } else {
        steps.add("no GRUB was found: add '" + arguments() + "' to the kernel's command line");
      }
      return steps;
    }
  }

  /**
   * Plans.
   *
   * @throws RefusedException where the running kernel reserves another size
   */
  public Plan plan(long sizeBytes) throws IOException {
    Optional<Region> running = Region.of(Files.readString(Path.of("/proc/cmdline")));
    if (running.isPresent()) {
      if (running.get().sizeBytes() != sizeBytes) {
        throw RefusedException.conflict(
            "the running kernel reserves "
                + (running.get().sizeBytes() >> 20)
                + " MiB already ("
                + running.get().argument()
                + "); give that size, or take it off the kernel's command line first");
      }
      return new Plan(running.get(), true, false);
    }
    try {
      List<Region> usable = Region.usableMemory(Files.readString(Path.of("/proc/iomem")));
      Region region = Region.choose(usable, sizeBytes);
      return new Plan(region, false, leavesRoomForCrash(usable, sizeBytes));
    } catch (IllegalArgumentException e) {
      throw new UsageException("--size: " + e.getMessage());
    }
  }

  static boolean leavesRoomForCrash(List<Region> usable, long sizeBytes) {
    long total = usable.stream().mapToLong(Region::sizeBytes).sum();
    return total - sizeBytes >= REST_BYTES_MIN_FOR_CRASH;
  }

  /** Carries out a plan. */
  public void prepare(Plan plan) throws IOException {
    memory.prepare(new PreservedMemory.Settings(plan.region()));
    if (plan.reserved()) {
      Optional<String> problem = memory.bringUp();
      if (problem.isPresent()) {
        throw new IOException(problem.get());
      }
    } else if (Files.isDirectory(GRUB_FOLDER)) {
      Files.writeString(
          GRUB_FILE,
          "# Written by 'tardigrade host preserve'.\nGRUB_CMDLINE_LINUX=\"$GRUB_CMDLINE_LINUX "
              + plan.arguments()
              + "\"\n");
      String _ = Command.run(List.of("update-grub"), "", GRUB_MAX);
    }
  }
}
