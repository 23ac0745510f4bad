package io.tardigrade.launch;

import io.tardigrade.guest.GuestDefinition;
import io.tardigrade.guest.GuestFiles;
import io.tardigrade.guest.GuestSpec;
import io.tardigrade.guest.HostPaths;
import io.tardigrade.guest.ReplicaSpec;
import io.tardigrade.linux.LinuxFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
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
      makeVolume(mount.volume(), guest.diskBytes().get(disk++), stage, undo);
    }
  }

  private void makeVolume(String volume, long bytes, Path stage, Undo undo) throws IOException {
    Path file = new Volumes(paths).file(volume);
    if (Files.exists(file)) {
      throw RefusedException.conflict(
          "this host has a volume '"
              + volume
              + "' already: delete it, or give this host's guests other volumes");
    }
    undo.add(() -> Files.deleteIfExists(file));
    new Volumes(paths).deleteLogs(volume);
    Folders.noteVolume(stage, volume);
    Folders.noteReplicaVolume(stage, volume);
    makeDisk(file, bytes);
  }

  /** Of zeroes; takes no space yet. */
  private static void makeDisk(Path file, long bytes) throws IOException {
    try (LinuxFile made = LinuxFile.openOrCreate(file)) {
      made.truncate(bytes);
    }
  }

  /**
   * Takes away all that this host has of a guest whose replica is needed here no longer, with the
   * disks that were made for the replica: others hold what they hold. Volumes that were here before
   * the guest was replicated stay under another name. Its guardian has ended or ends.
   *
   * @return the volumes that stay
   */
  public List<String> drop(String name) throws IOException {
    GuestSpec spec = GuestFiles.of(paths, name).spec();
    List<String> kept = new ArrayList<>();
    List<String> going = new ArrayList<>();
    for (GuestSpec.VolumeMount mount : spec.volumes()) {
      Optional<Path> aside = keptAs(paths, name, mount.volume());
      if (aside.isEmpty() || Files.exists(aside.get())) {
        going.add(mount.volume());
      } else {
        new Volumes(paths).keepAs(mount.volume(), aside.get());
        kept.add(Volumes.name(aside.get()));
      }
    }
    new GuestKeeper(paths, network).delete(name);
    for (String volume : going) {
      if (new Volumes(paths).exists(volume)) {
        new Volumes(paths).delete(volume);
      }
    }
    return kept;
  }

  /**
   * Where a volume of a replicated guest is to be kept when this host gives its replica up; empty
   * where it was made for the replica, and goes with it.
   */
  public static Optional<Path> keptAs(HostPaths paths, String guest, String volume)
      throws IOException {
    Volumes volumes = new Volumes(paths);
    Optional<ReplicaSpec> replica = ReplicaSpec.read(paths, guest);
    return replica.isEmpty()
            || Folders.replicaVolumes(paths.guest(guest)).contains(volume)
            || !volumes.exists(volume)
        ? Optional.empty()
        : Optional.of(volumes.file(Volumes.keptName(volume, replica.get().life())));
  }
}
