package io.tardigrade.reset;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import org.junit.jupiter.api.Test;

class CrashCommandLineTest {
  private static final String RUNNING =
      "BOOT_IMAGE=/vmlinuz root=/dev/sda1 ro init=/bin/other crashkernel=320M panic=1"
          + " memmap=512M!1024M";
  private static final String IOMEM =
      """
      00000000-00000fff : Reserved
      00001000-0009fbff : System RAM
      00100000-3fffffff : System RAM
        24000000-37ffffff : Crash kernel
      40000000-5fffffff : Persistent Memory (legacy)
        40000000-5fffffff : namespace0.0
      60000000-7ffdffff : System RAM
      fee00000-fee00fff : Local APIC
      """;
  private static final String CPUINFO =
      "processor\t: 0\napicid\t\t: 4\nprocessor\t: 1\napicid\t\t: 6\n";
  private static final Path INIT = Path.of("/var/lib/tardigrade/crash/init");

  @Test
  void crashKernelKeepsTheRegionAndStartsOurProcessOnOneProcessor() {
    assertThat(CrashCommandLine.ofCrashKernel(RUNNING, INIT))
        .isEqualTo(
            "root=/dev/sda1 ro panic=1 memmap=512M!1024M nr_cpus=1 reset_devices panic=1"
                + " init=/var/lib/tardigrade/crash/init");
  }

  @Test
  void fullSystemIsGivenAllMemoryButTheRegionAndNotTheProcessorThatMustNotBeStarted() {
    assertThat(CrashCommandLine.ofFullSystem(RUNNING, IOMEM, CPUINFO))
        .isEqualTo(
            "root=/dev/sda1 ro init=/bin/other crashkernel=320M panic=1 memmap=512M!1024M"
                + " memmap=0x3ff00000@0x100000 memmap=0x1ffe0000@0x60000000 disable_cpu_apicid=4");
  }

  @Test
  void secondPanicEndsWhereTheFirstOneDid() {
    String first = CrashCommandLine.ofFullSystem(RUNNING, IOMEM, CPUINFO);

    assertThat(CrashCommandLine.ofFullSystem(first, IOMEM, CPUINFO.replace("4", "6")))
        .as("the first processor of the machine is still the one that was so before")
        .contains("disable_cpu_apicid=4")
        .doesNotContain("disable_cpu_apicid=6")
        .hasSameSizeAs(first);
    assertThat(CrashCommandLine.ofCrashKernel(first, INIT))
        .as("the crash kernel must stay in its own memory")
        .doesNotContain("@");
  }

  @Test
  void lineThatTheKernelWouldCutOffIsRefused() {
    assertThatThrownBy(() -> CrashCommandLine.ofCrashKernel("x".repeat(2000), INIT))
        .hasMessageContaining("2047");
  }
}
