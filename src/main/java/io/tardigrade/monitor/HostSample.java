package io.tardigrade.monitor;

import java.util.List;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/**
 * One look at a host. What this host does not offer, or what is not looked at this time, is absent.
 *
 * @param uptimeMillis since this OS booted; never set, and counts on while the host sleeps
 * @param unixMillis the wall clock
 * @param kernelLog what is new in it
 * @param taint /proc/sys/kernel/tainted
 * @param disks empty where they are not looked at this time
 */
public record HostSample(
    long uptimeMillis,
    long unixMillis,
    @Nullable MemInfo memory,
    @Nullable Pressure cpuPressure,
    @Nullable Pressure memoryPressure,
    @Nullable Pressure ioPressure,
    List<KernelRecord> kernelLog,
    OptionalLong taint,
    List<EdacCount> memoryErrors,
    List<DiskSample> disks,
    List<ServiceSample> services) {
  public HostSample {
    kernelLog = List.copyOf(kernelLog);
    memoryErrors = List.copyOf(memoryErrors);
    disks = List.copyOf(disks);
    services = List.copyOf(services);
  }
}
