package io.tardigrade.guest;

import com.fasterxml.jackson.annotation.JsonProperty;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * What a cluster knows of a replicated guest: enough for any host to keep a replica and to run it.
 * Text of the node {@code guest} of its id.
 *
 * @param version of this format, {@link #VERSION}
 * @param replica as in replica.json, where {@code founds} says nothing
 * @param spec of the guest as of the host that founded it: addresses, memory and disks are the same
 *     on each host, files and devices are each host's own
 * @param diskBytes sizes of its disks: of the root disk, if it has one, then of its volumes
 */
public record GuestDefinition(
    int version,
    ReplicaSpec replica,
    GuestSpec spec,
    @JsonProperty("disk_bytes") List<Long> diskBytes) {
  /** Format of the definition. */
  public static final int VERSION = 1;

  /** Largest disk that is believed: 64 TiB. */
  private static final long DISK_BYTES_MAX = 1L << 46;

  private static final Pattern FILE = Pattern.compile("[a-zA-Z0-9][a-zA-Z0-9._-]{0,62}");

  public GuestDefinition {
    diskBytes = List.copyOf(diskBytes);
  }

  /** What a host has of a guest that it is to run or keep and another host calls something else. */
  public record Local(String tap, String bridge, int userId) {}

  /** The definition of a guest of this host. */
  public static GuestDefinition of(HostPaths paths, ReplicaSpec replica, GuestSpec spec)
      throws IOException {
    List<Long> sizes = new ArrayList<>();
    for (Path disk : disks(paths, spec)) {
      sizes.add(Files.size(disk));
    }
    return new GuestDefinition(VERSION, replica, spec, sizes);
  }

  /** The files of a guest's disks, in the order of {@link #diskBytes}. */
  public static List<Path> disks(HostPaths paths, GuestSpec spec) {
    List<Path> files = new ArrayList<>();
    String root = spec.rootDisk();
    if (root != null) {
      files.add(Path.of(root));
    }
    for (GuestSpec.VolumeMount mount : spec.volumes()) {
      files.add(paths.volumes().resolve(mount.volume() + ".img"));
    }
    return files;
  }

  /** The guest's name. */
  public String name() {
    return spec.name();
  }

  /** As text for the register. */
  public String encode() {
    return Json.line(this);
  }

  /**
   * Reads what a host of the cluster has written.
   *
   * @throws IOException where it is none, of another version, or names what a guest cannot have
   */
  public static GuestDefinition decode(String text) throws IOException {
    GuestDefinition found = Json.parse("a guest's definition", text, GuestDefinition.class);
    String what = "definition of guest " + found.replica().id();
    if (found.version() != VERSION || found.spec().version() != GuestSpec.VERSION) {
      throw new IOException(
          what
              + " is of version "
              + found.version()
              + "."
              + found.spec().version()
              + ", this program reads version "
              + VERSION
              + "."
              + GuestSpec.VERSION);
    }
    found.check(what);
    return found;
  }

  private void check(String what) throws IOException {
    try {
      GuestSpec.checkName("guest", name());
      if (!ReplicaSpec.of(name(), replica.life(), 0, false).id().equals(replica.id())) {
        throw new IOException(what + " is of guest " + name());
      }
      for (GuestSpec.VolumeMount mount : spec.volumes()) {
        GuestSpec.checkName("volume", mount.volume());
      }
    } catch (UsageException | IllegalArgumentException e) {
      throw new IOException(what + ": " + e.getMessage(), e);
    }
    int disks = spec.volumes().size() + (spec.rootDisk() == null ? 0 : 1);
    if (disks != diskBytes.size()
        || diskBytes.stream().anyMatch(size -> size <= 0 || size > DISK_BYTES_MAX)) {
      throw new IOException(what + " has disks of " + diskBytes + " bytes, expected " + disks);
    }
    for (String file : files()) {
      if (!FILE.matcher(file).matches()) {
        throw new IOException(what + " names a file '" + file + "'");
      }
    }
  }

  private List<String> files() {
    List<String> files = new ArrayList<>();
    add(files, spec.kernel());
    add(files, spec.initrd());
    add(files, spec.rootDisk());
    return files;
  }

  private static void add(List<String> files, @Nullable String path) {
    if (path != null) {
      files.add(String.valueOf(Path.of(path).getFileName()));
    }
  }

  /** The guest as another host is to run it, with what is that host's own. */
  public GuestSpec on(HostPaths paths, Local local) {
    Path home = paths.guest(name());
    return new GuestSpec(
        spec.version(),
        name(),
        spec.memoryBytes(),
        spec.vcpus(),
        spec.checkpointIntervalMillis(),
        spec.hangTimeoutMillis(),
        spec.protect(),
        spec.fixedTimer(),
        spec.engine(),
        spec.machine(),
        spec.accelerator(),
        in(home, spec.kernel()),
        in(home, spec.initrd()),
        spec.kernelCommandLine(),
        in(home, spec.rootDisk()),
        spec.volumes(),
        spec.publish(),
        spec.address(),
        spec.prefixLength(),
        spec.gateway(),
        spec.nameservers(),
        spec.mac(),
        local.tap(),
        local.bridge(),
        local.userId(),
        spec.program(),
        spec.createdAt(),
        spec.scrubBytesPerSecond());
  }

  private static @Nullable String in(Path home, @Nullable String path) {
    return path == null
        ? null
        : home.resolve(String.valueOf(Path.of(path).getFileName())).toString();
  }
}
