package io.tardigrade.lab;

import io.tardigrade.guest.Quantities;
import io.tardigrade.guest.UsageException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * What a lab host is to be.
 *
 * @param vcpus processors, 1 to {@value #VCPUS_MAX}. With two, guests under the emulated KVM were
 *     seen to hang the whole host, with one never
 * @param memoryBytes all memory, whole MiB
 * @param preserveBytes of it the part that the next operating system leaves alone, a multiple of
 *     128 MiB; 0 for none
 * @param kernelArguments added to the kernel's command line
 * @param files shown read-only under /opt/tardigrade beside the program: name there to file or
 *     folder here
 * @param services started at boot, each "NAME COMMAND..."
 */
public record LabOptions(
    int vcpus,
    long memoryBytes,
    long preserveBytes,
    List<String> kernelArguments,
    Map<String, Path> files,
    List<String> services) {
  static final int VCPUS_MAX = 4;
  static final long MEMORY_BYTES_MIN = 1L << 30;
  static final long MEMORY_BYTES_MAX = 64L << 30;
  private static final long MIB = 1L << 20;

  public LabOptions {
    kernelArguments = List.copyOf(kernelArguments);
    files = Map.copyOf(files);
    services = List.copyOf(services);
    if (vcpus < 1 || vcpus > VCPUS_MAX) {
      throw new UsageException("vcpus " + vcpus + " of a lab host; give 1 to " + VCPUS_MAX);
    }
    if (memoryBytes < MEMORY_BYTES_MIN
        || memoryBytes > MEMORY_BYTES_MAX
        || memoryBytes % MIB != 0) {
      throw new UsageException(
          "memory "
              + Quantities.bytes(memoryBytes)
              + " of a lab host; give whole MiB from 1G to 64G");
    }
    if (preserveBytes != 0) {
      var _ = PreservedRegion.of(memoryBytes, preserveBytes);
    }
  }

  /** One processor, 2 GiB, of which 512 MiB are preserved. */
  public static LabOptions defaults() {
    return new LabOptions(1, 2L << 30, 512L << 20, List.of(), Map.of(), List.of());
  }

  /** The same with these files as well. */
  public LabOptions plusFiles(Map<String, Path> more) {
    Map<String, Path> all = new HashMap<>(files);
    all.putAll(more);
    return new LabOptions(vcpus, memoryBytes, preserveBytes, kernelArguments, all, services);
  }

  /** The same with another number of processors. */
  public LabOptions vcpus(int count) {
    return new LabOptions(count, memoryBytes, preserveBytes, kernelArguments, files, services);
  }

  /** The same with another amount of memory, and of it preserved. */
  public LabOptions memory(long bytes, long preserved) {
    return new LabOptions(vcpus, bytes, preserved, kernelArguments, files, services);
  }

  /** The same with other kernel arguments. */
  public LabOptions kernelArguments(List<String> arguments) {
    return new LabOptions(vcpus, memoryBytes, preserveBytes, arguments, files, services);
  }

  /** The same with other services. */
  public LabOptions services(List<String> lines) {
    return new LabOptions(vcpus, memoryBytes, preserveBytes, kernelArguments, files, lines);
  }
}
