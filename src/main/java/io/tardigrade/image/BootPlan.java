package io.tardigrade.image;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * What a hypervisor needs to boot a guest.
 *
 * @param machine the kind of machine it is made for
 * @param kernel kernel to boot directly, or null when the machine boots from its disk
 * @param initrd the initramfs, or null
 * @param commandLine of the kernel; empty when there is none. Under emulation {@link
 *     #clockArgument()} must be added to it
 * @param rootDisk raw image of the root disk, given to the guest as a virtio-blk disk with serial
 *     {@link #ROOT_SERIAL}, or null
 */
public record BootPlan(
    Machine machine,
    @Nullable Path kernel,
    @Nullable Path initrd,
    String commandLine,
    @Nullable Path rootDisk) {

  /** Serial number of the virtio-blk disk that holds a guest's root. */
  public static final String ROOT_SERIAL = "root";

  private static final Pattern CPU_MHZ = Pattern.compile("cpu MHz\\s*: ([0-9]+(\\.[0-9]+)?)");
  private static final Pattern NOMINAL_GHZ = Pattern.compile("@ ([0-9]+\\.[0-9]+)GHz");

  /** The two machines guests run on. */
  public enum Machine {
    /**
     * For one program with Linux underneath. Devices are virtio-mmio ({@code virtio-net-device},
     * {@code virtio-blk-device}).
     *
     * <p>ACPI must be on: Debian's kernel is built without virtio-mmio devices on the command line,
     * so ACPI's tables are the only way it finds them; they also bring the power button and the
     * power-off register. PIT and PIC are not needed (the clock is the TSC and the local APIC), and
     * each device less is state less to save at every checkpoint. The RTC is what the guest takes
     * its date from, at boot and after a recovery.
     */
    MICROVM("microvm,acpi=on,pit=off,pic=off,rtc=on,isa-serial=on"),
    /** A PC with PCI Express, which boots any system from its disk. */
    Q35("q35");

    private final String options;

    Machine(String options) {
      this.options = options;
    }

    /** The value for QEMU's {@code -M}, to which more properties may be added with commas. */
    public String options() {
      return options;
    }
  }

  /**
   * The kernel argument that tells an emulated guest the frequency of its TSC, or an empty string
   * when this host does not tell it. microvm has no timer to measure it against, and about half of
   * the boots hang without.
   */
  public static String clockArgument() throws IOException {
    Path source = Path.of("/proc/cpuinfo");
    return Files.isReadable(source) ? clockArgument(Files.readString(source)) : "";
  }

  static String clockArgument(String cpuinfo) {
    Matcher current = CPU_MHZ.matcher(cpuinfo);
    if (!current.find()) {
      return "";
    }
    double mhz = Double.parseDouble(current.group(1));
    Matcher nominal = NOMINAL_GHZ.matcher(cpuinfo);
    // On bare metal "cpu MHz" moves with the load, while the TSC keeps its nominal pace.
    if (nominal.find()) {
      double nominalMhz = Double.parseDouble(nominal.group(1)) * 1000;
      mhz = Math.abs(mhz - nominalMhz) > nominalMhz / 64 ? nominalMhz : mhz;
    }
    return "tsc_early_khz=" + Math.round(mhz * 1000);
  }

  /** This plan with more arguments for the kernel. */
  public BootPlan withKernelArguments(List<String> more) {
    if (kernel == null || more.isEmpty()) {
      return this;
    }
    String line = commandLine + " " + String.join(" ", more).strip();
    return new BootPlan(machine, kernel, initrd, line.strip(), rootDisk);
  }
}
