package io.tardigrade.box;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * QEMU's command line for the box. Emulated AMD processors, since QEMU's emulator implements their
 * virtualisation (SVM) with nested paging, and so the box's kernel finds a working /dev/kvm.
 */
final class BoxCommand {
  private static final String KERNEL_ARGUMENTS =
      // The emulator's timer check fails at random under load, and its TSC is the host's.
      "console=ttyS0 quiet panic=1 tsc=reliable no_timer_check mitigations=off";

  private BoxCommand() {}

  static List<String> of(BoxDisk disk, Path run, BoxOptions options, int ports) {
    List<String> command = new ArrayList<>();
    command.addAll(List.of("qemu-system-x86_64", "-name", "tardigrade-box"));
    // "pc" boots three seconds faster than "q35" (fewer devices to probe).
    command.addAll(List.of("-M", "pc", "-accel", "tcg,thread=multi,tb-size=512"));
    command.addAll(List.of("-cpu", "EPYC-v1,+svm,+npt", "-smp", "" + options.vcpus()));
    command.addAll(List.of("-m", options.ramMib() + "M"));
    command.addAll(List.of("-nodefaults", "-no-user-config", "-display", "none"));
    command.addAll(List.of("-kernel", disk.kernel().toString()));
    command.addAll(List.of("-initrd", run.resolve("initramfs").toString()));
    command.addAll(
        List.of(
            "-append",
            KERNEL_ARGUMENTS + " " + String.join(" ", options.kernelArguments()).strip()));
    command.addAll(List.of("-chardev", "file,id=console,append=on,path=" + run.resolve("console")));
    command.addAll(List.of("-serial", "chardev:console"));
    disk(command, "system", disk.image(), "snapshot=on");
    if (!options.files().isEmpty()) {
      disk(command, "files", run.resolve("files.img"), "read-only=on");
    }
    command.addAll(List.of("-device", "virtio-serial-pci,max_ports=" + (ports + 1)));
    for (int port = 1; port <= ports; port++) {
      command.addAll(List.of("-chardev", "socket,id=p%d,path=%s".formatted(port, port(run, port))));
      command.addAll(
          List.of("-device", "virtserialport,chardev=p%d,name=box.%d".formatted(port, port)));
    }
    return command;
  }

  /** Where the test's end of a port listens. */
  static Path port(Path run, int port) {
    return run.resolve("port" + port);
  }

  private static void disk(List<String> command, String name, Path image, String mode) {
    command.addAll(
        List.of("-drive", "if=none,format=raw,id=%s,file=%s,%s".formatted(name, image, mode)));
    command.addAll(List.of("-device", "virtio-blk-pci,drive=" + name));
  }
}
