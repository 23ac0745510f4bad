package io.tardigrade.lab;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.Test;

class MachineCommandTest {
  private static final HostFiles FILES =
      new HostFiles(Path.of("/state/a,b/lab/h1"), Path.of("/run/lab/h1"));

  static LabSpec spec(long memoryBytes, long preserveBytes, List<String> arguments) {
    return new LabSpec(
        "h1",
        "vm",
        1,
        memoryBytes,
        preserveBytes,
        arguments,
        "6.1.0-1",
        "/cache/lab/system",
        "10.1.0.2",
        24,
        "10.1.0.1",
        "52:54:00:00:00:02",
        "tg0-2",
        "10.2.0.0/24",
        Instant.EPOCH);
  }

  @Test
  void kernelIsToldOfThePreservedRegionAndKeepsRoomForACrashKernel() {
    assertThat(MachineCommand.kernelArguments(spec(2L << 30, 512L << 20, List.of("nokaslr"))))
        .contains(" memmap=512M!1024M crashkernel=320M nokaslr")
        .contains("console=ttyS0")
        .contains("panic=1");
    assertThat(MachineCommand.kernelArguments(spec(2L << 30, 0, List.of())))
        .doesNotContain("memmap")
        .doesNotContain("crashkernel");
  }

  @Test
  void machineEmulatesWhatKvmNeedsAndHasItsCableAndItsSockets() {
    List<String> command = MachineCommand.of(spec(2L << 30, 0, List.of()), FILES);
    assertThat(command).contains("EPYC-v1,+svm,+npt", "2048M", "/cache/lab/system/vmlinuz");
    assertThat(command).contains("tap,id=net,ifname=tg0-2,script=no,downscript=no");
    assertThat(command).filteredOn(word -> word.startsWith("virtserialport")).hasSize(8);
    assertThat(command)
        .filteredOn(word -> word.contains("path=/run/lab/h1/console"))
        .singleElement()
        .asString()
        .as("what the console shows is appended, also across power cuts")
        .endsWith("logappend=on");
  }

  @Test
  void commasInPathsAreDoubledAsQemuWantsThem() {
    assertThat(MachineCommand.of(spec(2L << 30, 0, List.of()), FILES))
        .contains(
            "if=none,id=system,file=/state/a,,b/lab/h1/disk.qcow2,format=qcow2,cache=writeback");
  }

  @Test
  void hostIsToldWhereItIs() {
    assertThat(
            ProgramDisk.environment(
                spec(2L << 30, 0, List.of()), List.of("10.9.9.9", "10.9.9.8"), "/opt/x.jar"))
        .containsExactly(
            "HOST_NAME='h1'",
            "HOST_ADDRESS='10.1.0.2/24'",
            "HOST_GATEWAY='10.1.0.1'",
            "HOST_RESOLVERS='10.9.9.9 10.9.9.8'",
            "TARDIGRADE_SUBNET='10.2.0.0/24'",
            "CLASSPATH='/opt/x.jar'");
  }
}
