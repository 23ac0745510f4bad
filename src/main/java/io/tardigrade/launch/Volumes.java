package io.tardigrade.launch;

import io.tardigrade.block.Volume;
import io.tardigrade.block.VolumeSet;
import io.tardigrade.guest.GuestFiles;
import io.tardigrade.guest.GuestSpec;
import io.tardigrade.guest.HostPaths;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** The volumes of a host, which outlive the guests that use them. */
public final class Volumes {
  private static final String IMAGE = ".img";

  /** Of its own name, so that the name it is kept under is one. */
  private static final int KEPT_CHARS_MAX = 12;

  private final HostPaths paths;

  /** The volumes under these paths. */
  public Volumes(HostPaths paths) {
    this.paths = paths;
  }

  /**
   * A volume.
   *
   * @param sizeBytes as the guest sees it
   * @param guests that have it, running or not
   */
  public record Info(String name, long sizeBytes, List<String> guests) {}

  Path file(String volume) {
    return paths.volumes().resolve(volume + IMAGE);
  }

  /** The volume whose file this is. */
  static String name(Path file) {
    String name = file.getFileName().toString();
    return name.substring(0, name.length() - IMAGE.length());
  }

  /**
   * Under which name a volume is kept whose guest is run by others, who have written to theirs
   * since: this host had it before the guest was replicated, so nobody deletes it but its user.
   *
   * @param life of the guest
   */
  static String keptName(String volume, long life) {
    String begin = volume.substring(0, Math.min(volume.length(), KEPT_CHARS_MAX));
    // Names that begin alike are told apart.
    return String.format("%s-%04x-kept-%08x", begin, volume.hashCode() & 0xffff, life);
  }

  /** Whether there is such a volume. */
  public boolean exists(String volume) {
    return Files.exists(file(volume));
  }

  /** All volumes by name. */
  public List<Info> list() throws IOException {
    Map<String, List<String>> users = users(false);
    List<Info> volumes = new ArrayList<>();
    if (Files.isDirectory(paths.volumes())) {
      try (var files = Files.newDirectoryStream(paths.volumes(), "[a-z]*.img")) {
        for (Path file : files) {
          String name = name(file);
          volumes.add(new Info(name, Files.size(file), users.getOrDefault(name, List.of())));
        }
      }
    }
    volumes.sort(java.util.Comparator.comparing(Info::name));
    return volumes;
  }

  /** Deletes a volume that no guest has. */
  public void delete(String volume) throws IOException {
    GuestSpec.checkName("volume", volume);
    try (StateLock _ = StateLock.take(paths.state(), () -> {})) {
      if (!exists(volume)) {
        throw RefusedException.notFound(
            "volume '" + volume + "' does not exist; 'tardigrade volume list' shows those that do");
      }
      List<String> guests = users(false).getOrDefault(volume, List.of());
      if (!guests.isEmpty()) {
        throw RefusedException.conflict(
            "volume '"
                + volume
                + "' belongs to guest '"
                + guests.getFirst()
                + "': delete it first");
      }
      Volume.delete(file(volume), log(volume));
    }
  }

  private Path log(String volume) {
    return paths.volumes().resolve(volume + ".log");
  }

  /** Nobody's log is to be read for a volume that is made anew. */
  void deleteLogs(String volume) throws IOException {
    Volume.delete(paths.volumes().resolve("." + volume + ".none"), log(volume));
  }

  /** Keeps a volume under another name, whole: as of the last epoch that was prepared in it. */
  void keepAs(String volume, Path aside) throws IOException {
    try (VolumeSet one = new VolumeSet(List.of(Volume.open(file(volume), log(volume))))) {
      one.recoverTo(one.lastPrepared());
    }
    Files.move(file(volume), aside);
    deleteLogs(volume);
  }

  /** Refuses volumes that another guest is using now. */
  void checkFree(List<String> volumes, String exceptGuest) throws IOException {
    Map<String, List<String>> users = users(true);
    for (String volume : volumes) {
      for (String guest : users.getOrDefault(volume, List.of())) {
        if (!guest.equals(exceptGuest)) {
          throw RefusedException.conflict(
              "volume '" + volume + "' is in use by guest '" + guest + "': stop that guest first");
        }
      }
    }
  }

  private Map<String, List<String>> users(boolean onlyRunning) throws IOException {
    Map<String, List<String>> users = new TreeMap<>();
    for (String guest : GuestFiles.names(paths)) {
      GuestFiles files = GuestFiles.of(paths, guest);
      if (onlyRunning && !files.desiredRunning()) {
        continue;
      }
      for (GuestSpec.VolumeMount mount : files.spec().volumes()) {
        users.computeIfAbsent(mount.volume(), _ -> new ArrayList<>()).add(guest);
      }
    }
    return users;
  }
}
