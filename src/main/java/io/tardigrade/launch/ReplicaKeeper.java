package io.tardigrade.launch;

import io.tardigrade.guest.GuestDefinition;
import io.tardigrade.guest.GuestFiles;
import io.tardigrade.guest.GuestSpec;
import io.tardigrade.guest.HostPaths;
import io.tardigrade.linux.LinuxFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import org.jspecify.annotations.Nullable;

/**
 * Makes a guest's folder on a host that is to keep a replica of it, and takes it away again. What
 * is in memory and on disk then is the guardian's to fill. Any thread.
 */
public final class ReplicaKeeper {
  private final HostPaths paths;
  private final Addressing network;

  /** The keeper of the replicas under these paths. */
  public ReplicaKeeper(HostPaths paths, Addressing network) {
    this.paths = paths;
    this.network = network;
  }

  /** Brings a file that the guest boots from. */
  public interface BootFiles {
    /**
     * Writes one.
     *
     * @param kind {@code kernel} or {@code initrd}
     */
    void fetch(String kind, Path to) throws IOException;
  }

  /**
   * Makes what this host needs to keep a replica, wanted running; the next look of the agent starts
   * its guardian.
   *
   * @throws RefusedException where a guest or a volume of this host is in the way
   */
  public void create(GuestDefinition guest, BootFiles source) throws IOException {
    String name = guest.name();
    try (StateLock _ = StateLock.take(paths.state(), () -> {});
        Undo undo = new Undo()) {
      if (Files.exists(paths.guest(name))) {
        throw RefusedException.conflict(
            "a guest named '" + name + "' is on this host already, which is not the cluster's");
      }
      Path stage = Folders.stage(paths.guests(), name);
      undo.add(() -> Folders.delete(stage));
      undo.add(() -> network.release(name));
      Addressing.Place place = network.adopt(name, guest.spec().address(), guest.spec().mac());
      GuestSpec spec =
          guest.on(
              paths,
              new GuestDefinition.Local(
                  place.tap(), place.bridge(), GuestFactory.USER_ID_FIRST + place.index()));
      fetch("kernel", spec.kernel(), stage, source);
      fetch("initrd", spec.initrd(), stage, source);
      makeDisks(guest, spec, stage, undo);
      GuestFiles files = new GuestFiles(stage);
      files.writeSpec(spec);
      files.writeDesired(true);
      guest.replica().founded().write(stage);
      Folders.keepVolumes(stage);
      Files.move(stage, paths.guest(name), StandardCopyOption.ATOMIC_MOVE);
      undo.keep();
    }
  }

  private static void fetch(String kind, @Nullable String file, Path stage, BootFiles source)
      throws IOException {
    if (file != null) {
      source.fetch(kind, stage.resolve(String.valueOf(Path.of(file).getFileName())));
    }
  }

  private void makeDisks(GuestDefinition guest, GuestSpec spec, Path stage, Undo undo)
      throws IOException {
    int disk = 0;
    String root = spec.rootDisk();
    if (root != null) {
      makeDisk(
          stage.resolve(String.valueOf(Path.of(root).getFileName())),
          guest.diskBytes().get(disk++));
    }
    Files.createDirectories(paths.volumes());
    for (GuestSpec.VolumeMount mount : spec.volumes()) {
      Path file = new Volumes(paths).file(mount.volume());
      if (Files.exists(file)) {
        throw RefusedException.conflict(
            "this host has a volume '"
                + mount.volume()
                + "' already: delete it, or give this host's guests other volumes");
      }
      undo.add(() -> Files.deleteIfExists(file));
      Folders.noteVolume(stage, mount.volume());
      makeDisk(file, guest.diskBytes().get(disk++));
    }
  }

  /** Of zeroes; takes no space yet. */
  private static void makeDisk(Path file, long bytes) throws IOException {
    try (LinuxFile made = LinuxFile.openOrCreate(file)) {
      made.truncate(bytes);
    }
  }

  /**
   * Takes away all that this host has of a guest whose replica is needed here no longer, its disks
   * included: others hold what they hold. Its guardian has ended or ends.
   */
  public void drop(String name) throws IOException {
    GuestSpec spec = GuestFiles.of(paths, name).spec();
    new GuestKeeper(paths, network).delete(name);
    for (GuestSpec.VolumeMount mount : spec.volumes()) {
      new Volumes(paths).delete(mount.volume());
    }
  }
}
