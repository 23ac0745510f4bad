package io.tardigrade.qemu;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class HypervisorCommandTest {
  private static final String QEMU = "/usr/bin/qemu-system-x86_64";

  private static HypervisorConfig config(Machine machine, Accelerator accelerator, Path runDir) {
    return new HypervisorConfig(
        "kv",
        machine,
        accelerator,
        128L << 20,
        2,
        Path.of("/images/kv/ram"),
        machine == Machine.MICROVM
            ? new HypervisorConfig.DirectBoot(
                Path.of("/kernel"), Path.of("/initrd"), "console=ttyS0,115200 quiet")
            : null,
        List.of(
            new HypervisorConfig.Disk("root", "root", true),
            new HypervisorConfig.Disk("data", "data", false)),
        "52:54:00:75:00:09",
        runDir,
        Path.of("/app/preload.so"),
        70_001,
        accelerator == Accelerator.KVM ? 104 : -1,
        false);
  }

  private static List<String> command(Machine machine, Accelerator accelerator) {
    return HypervisorCommand.build(QEMU, config(machine, accelerator, Path.of("/run/t/kv/a")));
  }

  private static String after(List<String> command, String option) {
    int at = command.indexOf(option);
    assertThat(at).as(option).isNotNegative();
    return command.get(at + 1);
  }

  @ParameterizedTest
  @EnumSource(Machine.class)
  void everyMachineIsConfined(Machine machine) {
    for (Accelerator accelerator : Accelerator.values()) {
      List<String> command = command(machine, accelerator);
      List<String> before = command.subList(0, command.indexOf(QEMU));
      assertThat(before).startsWith("unshare", "--net");
      assertThat(after(before, "--reuid")).isEqualTo("70001");
      assertThat(after(before, "--regid")).isEqualTo("70001");
      assertThat(before).contains("setpriv", "--no-new-privs");
      assertThat(after(before, "--pdeathsig")).isEqualTo("KILL");
      if (accelerator == Accelerator.KVM) {
        assertThat(after(before, "--groups")).isEqualTo("104");
      } else {
        assertThat(before).contains("--clear-groups");
      }
      assertThat(after(command, "-sandbox"))
          .startsWith("on")
          .contains("elevateprivileges=deny", "spawn=deny", "resourcecontrol=deny");
      assertThat(command).contains("-nodefaults", "-no-user-config");
    }
  }

  @ParameterizedTest
  @EnumSource(Machine.class)
  void noWayOutButTheGuardiansSockets(Machine machine) {
    List<String> command = command(machine, Accelerator.TCG);
    assertThat(command)
        .doesNotContain(
            "-vnc",
            "-spice",
            "-usb",
            "-usbdevice",
            "-nic",
            "-net",
            "-gdb",
            "-s",
            "-virtfs",
            "-fsdev",
            "-drive",
            "-hda",
            "-monitor",
            "-qmp",
            "-daemonize",
            "-writeconfig");
    assertThat(after(command, "-display")).isEqualTo("none");
    assertThat(after(command, "-vga")).isEqualTo("none");
    for (int i = 0; i < command.size(); i++) {
      switch (command.get(i)) {
        case "-netdev" ->
            assertThat(command.get(i + 1)).startsWith("stream,").contains("addr.type=unix");
        case "-chardev" ->
            assertThat(command.get(i + 1)).startsWith("socket,").contains("path=/run/t/kv/a/");
        case "-blockdev" ->
            assertThat(command.get(i + 1))
                .startsWith("driver=nbd,")
                .contains("server.type=unix,server.path=/run/t/kv/a/nbd.sock");
        case "-device" ->
            assertThat(command.get(i + 1))
                .doesNotContain("usb", "vfio", "ivshmem", "balloon", "virtio-mem", "9p");
        default -> {}
      }
    }
    assertThat(after(command, "-object")).contains("share=off");
  }

  @ParameterizedTest
  @EnumSource(Machine.class)
  void spareDiffersByIncomingAndItsFolderAlone(Machine machine) {
    HypervisorConfig running = config(machine, Accelerator.TCG, Path.of("/run/t/kv/a"));
    HypervisorConfig spare = running.in(Path.of("/run/t/kv/b"), running.ramFile(), true);
    List<String> expected = new ArrayList<>();
    for (String word : HypervisorCommand.build(QEMU, running)) {
      expected.add(word.replace("/run/t/kv/a/", "/run/t/kv/b/"));
    }
    expected.remove("-S");
    expected.addAll(List.of("-incoming", "defer"));
    assertThat(HypervisorCommand.build(QEMU, spare)).containsExactlyInAnyOrderElementsOf(expected);
  }

  @Test
  void commasInPathsAreDoubled() {
    List<String> command =
        HypervisorCommand.build(
            QEMU, config(Machine.Q35, Accelerator.TCG, Path.of("/run/a,readonly=on")));
    for (String option : List.of("-netdev", "-chardev", "-blockdev")) {
      assertThat(after(command, option)).contains("/run/a,,readonly=on/");
    }
  }
}
