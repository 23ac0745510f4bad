package io.tardigrade.lab;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * QEMU's command line for a lab host. Emulated AMD processors, since QEMU's emulator implements
 * their virtualisation (SVM) with nested paging, and so the host's kernel finds a working /dev/kvm.
 *
 * <p>The disk is a qcow2 overlay with a write-back cache: what the host's kernel writes is there
 * after a power cut if it was flushed; where a block was written first and not flushed, it is gone,
 * since QEMU keeps the overlay's tables in its own memory until the flush.
 */
final class MachineCommand {
  // The emulator's timer check fails at random under load, and its TSC is this machine's.
  private static final String KERNEL_ARGUMENTS =
      "console=ttyS0 quiet panic=1 tsc=reliable no_timer_check mitigations=off";
  private static final String CRASH_KERNEL = "crashkernel=320M";

  private MachineCommand() {}

  static List<String> of(LabSpec spec, HostFiles files) {
    List<String> command = new ArrayList<>();
    command.addAll(List.of("qemu-system-x86_64", "-name", "tardigrade-lab-" + spec.name()));
    // "pc" boots three seconds faster than "q35" (fewer devices to probe).
    command.addAll(List.of("-M", "pc", "-accel", "tcg,thread=multi,tb-size=512"));
    command.addAll(List.of("-cpu", "EPYC-v1,+svm,+npt", "-smp", "" + spec.vcpus()));
    command.addAll(List.of("-m", (spec.memoryBytes() >> 20) + "M"));
    command.addAll(List.of("-nodefaults", "-no-user-config", "-display", "none"));
    command.addAll(List.of("-sandbox", "on,obsolete=deny,elevateprivileges=deny,spawn=deny"));
    command.addAll(List.of("-kernel", spec.system() + "/vmlinuz"));
    command.addAll(List.of("-initrd", spec.system() + "/initrd"));
    command.addAll(List.of("-append", kernelArguments(spec)));
    command.addAll(List.of("-chardev", consoleOf(files), "-serial", "chardev:console"));
    command.addAll(List.of("-qmp", "unix:" + value(files.monitor()) + ",server=on,wait=off"));
    command.addAll(List.of("-pidfile", files.pid().toString()));
    drive(command, "system", value(files.disk()) + ",format=qcow2,cache=writeback");
    drive(command, "program", value(files.program()) + ",format=raw,read-only=on");
    command.addAll(
        List.of(
            "-netdev", "tap,id=net,ifname=" + spec.tap() + ",script=no,downscript=no",
            "-device", "virtio-net-pci,netdev=net,romfile=,mac=" + spec.mac()));
    ports(command, files);
    return command;
  }

  static String kernelArguments(LabSpec spec) {
    List<String> words = new ArrayList<>(List.of(KERNEL_ARGUMENTS));
    if (spec.preserveBytes() > 0) {
      words.add(PreservedRegion.of(spec.memoryBytes(), spec.preserveBytes()).argument());
      words.add(CRASH_KERNEL);
    }
    words.addAll(spec.kernelArguments());
    return String.join(" ", words);
  }

  /** A path inside one of QEMU's lists, where a comma is doubled. */
  static String value(Path path) {
    return path.toString().replace(",", ",,");
  }

  /** Everything shown is kept, across restarts, whether or not somebody looks on. */
  private static String consoleOf(HostFiles files) {
    return "socket,id=console,server=on,wait=off,path=%s,logfile=%s,logappend=on"
        .formatted(value(files.console()), value(files.consoleLog()));
  }

  private static void drive(List<String> command, String name, String file) {
    command.addAll(List.of("-drive", "if=none,id=" + name + ",file=" + file));
    command.addAll(List.of("-device", "virtio-blk-pci,drive=" + name));
  }

  private static void ports(List<String> command, HostFiles files) {
    command.addAll(List.of("-device", "virtio-serial-pci,max_ports=" + (HostFiles.PORTS + 1)));
    for (int port = 1; port <= HostFiles.PORTS; port++) {
      command.addAll(
          List.of(
              "-chardev",
              "socket,id=p%d,server=on,wait=off,path=%s".formatted(port, value(files.port(port))),
              "-device",
              "virtserialport,chardev=p%d,name=lab.%d".formatted(port, port)));
    }
  }
}
