package io.tardigrade.guest;

import io.tardigrade.qemu.Accelerator;
import io.tardigrade.qemu.Machine;
import java.time.Instant;
import java.util.List;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * All that is needed to start a guest, now and after any failure; written once by {@code run} as
 * {@code spec.json}.
 *
 * @param version of this file's format, {@link #VERSION}
 * @param name 1 to 32 of a–z, 0–9 and '-', starting with a letter
 * @param memoryBytes guest RAM, a multiple of 1 MiB
 * @param vcpus virtual CPUs, 1 to 8
 * @param checkpointIntervalMillis the most computing, in vCPU milliseconds, that a failure may
 *     repeat
 * @param hangTimeoutMillis a hypervisor that leaves a command unanswered for so long is replaced
 * @param protect false only for measurements: frames pass and nothing is checkpointed
 * @param fixedTimer true only for measurements: checkpoints by the interval alone, in real time
 * @param engine dirty tracking engine to use, or null for the best the kernel has
 * @param machine kind of machine
 * @param accelerator what executes it
 * @param kernel kernel to boot directly, or null to boot from the root disk
 * @param initrd initial file system of that kernel
 * @param kernelCommandLine its command line
 * @param rootDisk file of the root disk, or null where the initial file system is all there is
 * @param volumes attached volumes
 * @param publish forwarded ports
 * @param address IPv4 address
 * @param prefixLength of the guests' network
 * @param gateway address of the bridge
 * @param nameservers told to the guest
 * @param mac Ethernet address
 * @param tap name of the TAP device
 * @param bridge name of the bridge
 * @param userId user and group of its hypervisors
 * @param program what runs in it, for people
 * @param createdAt when it was made
 * @param scrubBytesPerSecond guest memory checked in a second, 0 for none; null for the default, as
 *     of guests made before there was a choice
 */
public record GuestSpec(
    int version,
    String name,
    long memoryBytes,
    int vcpus,
    long checkpointIntervalMillis,
    long hangTimeoutMillis,
    boolean protect,
    boolean fixedTimer,
    @Nullable String engine,
    Machine machine,
    Accelerator accelerator,
    @Nullable String kernel,
    @Nullable String initrd,
    @Nullable String kernelCommandLine,
    @Nullable String rootDisk,
    List<VolumeMount> volumes,
    List<Forward> publish,
    String address,
    int prefixLength,
    String gateway,
    List<String> nameservers,
    String mac,
    String tap,
    String bridge,
    int userId,
    String program,
    Instant createdAt,
    @Nullable Long scrubBytesPerSecond) {

  /** Format of spec.json. */
  public static final int VERSION = 1;

  /** Far above the slowest answer of a hypervisor that is well. */
  public static final long HANG_TIMEOUT_MILLIS_DEFAULT = 2000;

  /** Guest memory checked in a second: well below 1 % of a core. */
  public static final long SCRUB_BYTES_PER_SECOND_DEFAULT = 4L << 20;

  private static final Pattern NAME = Pattern.compile("[a-z][a-z0-9-]{0,31}");

  /**
   * A volume and where it is mounted.
   *
   * @param volume its name, under the same rule as guests' names
   * @param path absolute mount point, or empty for a full VM, which mounts it itself
   */
  public record VolumeMount(String volume, String path) {}

  /**
   * A host port forwarded to the guest.
   *
   * @param hostAddress listening address, {@code 0.0.0.0} for all
   * @param protocol {@code tcp} or {@code udp}
   */
  public record Forward(String hostAddress, int hostPort, int guestPort, String protocol) {}

  public GuestSpec {
    volumes = List.copyOf(volumes);
    publish = List.copyOf(publish);
    nameservers = List.copyOf(nameservers);
  }

  /** With the defaults for when a hypervisor counts as hung, and for the rate of scrubbing. */
  public GuestSpec(
      int version,
      String name,
      long memoryBytes,
      int vcpus,
      long checkpointIntervalMillis,
      boolean protect,
      boolean fixedTimer,
      @Nullable String engine,
      Machine machine,
      Accelerator accelerator,
      @Nullable String kernel,
      @Nullable String initrd,
      @Nullable String kernelCommandLine,
      @Nullable String rootDisk,
      List<VolumeMount> volumes,
      List<Forward> publish,
      String address,
      int prefixLength,
      String gateway,
      List<String> nameservers,
      String mac,
      String tap,
      String bridge,
      int userId,
      String program,
      Instant createdAt) {
    this(
        version,
        name,
        memoryBytes,
        vcpus,
        checkpointIntervalMillis,
        HANG_TIMEOUT_MILLIS_DEFAULT,
        protect,
        fixedTimer,
        engine,
        machine,
        accelerator,
        kernel,
        initrd,
        kernelCommandLine,
        rootDisk,
        volumes,
        publish,
        address,
        prefixLength,
        gateway,
        nameservers,
        mac,
        tap,
        bridge,
        userId,
        program,
        createdAt,
        null);
  }

  /** Guest memory checked in a second, in bytes; 0 for none. */
  public long scrubRate() {
    Long given = scrubBytesPerSecond;
    return given == null ? SCRUB_BYTES_PER_SECOND_DEFAULT : given;
  }

  /** Returns {@code name} where it is a valid name of a {@code what} (guest or volume). */
  public static String checkName(String what, String name) {
    if (!NAME.matcher(name).matches()) {
      throw new UsageException(
          what
              + " name '"
              + name
              + "' is not valid; use 1 to 32 of a-z, 0-9 and '-', starting with a letter");
    }
    return name;
  }
}
