package io.tardigrade.launch;

import io.tardigrade.guest.GuestSpec;
import io.tardigrade.guest.UsageException;
import io.tardigrade.network.PortForward;
import io.tardigrade.qemu.Accelerator;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What a user asks for when starting a new guest; its values are in range, everything else is for
 * {@link GuestFactory} to find out. See {@link GuestSpec} for what they mean.
 */
public record LaunchRequest(
    String name,
    long memoryBytes,
    int vcpus,
    long checkpointIntervalMillis,
    long hangTimeoutMillis,
    boolean protect,
    boolean fixedTimer,
    @Nullable String engine,
    Accelerator accelerator,
    List<VolumeRequest> volumes,
    List<PortForward> publish,
    GuestSource source,
    @Nullable Long scrubBytesPerSecond) {
  private static final long MIB = 1L << 20;
  private static final long MEMORY_BYTES_MIN = 64 * MIB;
  private static final long MEMORY_BYTES_MAX = 1L << 40;
  private static final int VCPUS_MAX = 8;
  private static final long INTERVAL_MILLIS_MIN = 5;
  private static final long INTERVAL_MILLIS_MAX = 60_000;
  private static final long HANG_TIMEOUT_MILLIS_MIN = 500;
  private static final long HANG_TIMEOUT_MILLIS_MAX = 600_000;
  private static final long SCRUB_BYTES_PER_SECOND_MAX = 1L << 30;
  private static final int VOLUMES_MAX = 8;
  private static final Set<String> ENGINES = Set.of("userfaultfd", "soft-dirty", "compare");

  public LaunchRequest {
    volumes = List.copyOf(volumes);
    publish = List.copyOf(publish);
    GuestSpec.checkName("guest", name);
    if (memoryBytes < MEMORY_BYTES_MIN
        || memoryBytes > MEMORY_BYTES_MAX
        || memoryBytes % MIB != 0) {
      throw new UsageException(
          "memory of "
              + memoryBytes
              + " bytes is not possible; give whole megabytes from 64M to 1T, like --memory 128M");
    }
    if (vcpus < 1 || vcpus > VCPUS_MAX) {
      throw new UsageException(
          vcpus + " virtual CPUs are not possible; give --vcpus 1 to " + VCPUS_MAX);
    }
    if (checkpointIntervalMillis < INTERVAL_MILLIS_MIN
        || checkpointIntervalMillis > INTERVAL_MILLIS_MAX) {
      throw new UsageException(
          "checkpoint interval of "
              + checkpointIntervalMillis
              + " ms is not possible; give 5ms to 60s, like --checkpoint-interval 100ms");
    }
    if (hangTimeoutMillis < HANG_TIMEOUT_MILLIS_MIN
        || hangTimeoutMillis > HANG_TIMEOUT_MILLIS_MAX) {
      throw new UsageException(
          "hang timeout of "
              + hangTimeoutMillis
              + " ms is not possible; give 500ms to 10m, like --hang-timeout 2s");
    }
    if (scrubBytesPerSecond != null
        && (scrubBytesPerSecond < 0 || scrubBytesPerSecond > SCRUB_BYTES_PER_SECOND_MAX)) {
      throw new UsageException(
          "scrub rate of "
              + scrubBytesPerSecond
              + " bytes a second is not possible; give 0 to 1G, like --scrub-rate 4M");
    }
    if (engine != null && !ENGINES.contains(engine)) {
      throw new UsageException(
          "engine '" + engine + "' is not known; give userfaultfd, soft-dirty or compare");
    }
    checkVolumes(volumes, source);
  }

  /** With the defaults for when a hypervisor counts as hung, and for the rate of scrubbing. */
  public LaunchRequest(
      String name,
      long memoryBytes,
      int vcpus,
      long checkpointIntervalMillis,
      boolean protect,
      boolean fixedTimer,
      @Nullable String engine,
      Accelerator accelerator,
      List<VolumeRequest> volumes,
      List<PortForward> publish,
      GuestSource source) {
    this(
        name,
        memoryBytes,
        vcpus,
        checkpointIntervalMillis,
        GuestSpec.HANG_TIMEOUT_MILLIS_DEFAULT,
        protect,
        fixedTimer,
        engine,
        accelerator,
        volumes,
        publish,
        source,
        null);
  }

  private static void checkVolumes(List<VolumeRequest> volumes, GuestSource source) {
    if (volumes.size() > VOLUMES_MAX) {
      throw new UsageException(
          volumes.size() + " volumes are too many; a guest has at most " + VOLUMES_MAX);
    }
    Set<String> names = new HashSet<>();
    Set<String> paths = new HashSet<>();
    for (VolumeRequest volume : volumes) {
      if (!names.add(volume.name())) {
        throw new UsageException("volume '" + volume.name() + "' is given twice");
      }
      if (source instanceof GuestSource.Disk) {
        if (!volume.path().isEmpty()) {
          throw new UsageException(
              "volume '"
                  + volume.name()
                  + "' has a mount point, but a full VM mounts its disks itself; give NAME[:SIZE]");
        }
      } else if (volume.path().isEmpty()) {
        throw new UsageException(
            "volume '" + volume.name() + "' has no mount point; give NAME:/PATH[:SIZE]");
      } else if (!paths.add(volume.path())) {
        throw new UsageException("two volumes are mounted at " + volume.path());
      }
    }
  }
}
