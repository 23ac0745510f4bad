package io.tardigrade.qemu;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The command line of a confined QEMU. Its only ways out are the sockets in the run directory,
 * where the guardian listens: it has a network namespace with nothing in it, an unprivileged user
 * of its own and QEMU's system call filter.
 *
 * <p>Values come from validated names and paths of ours; {@link #value} doubles commas, QEMU's own
 * separator.
 */
public final class HypervisorCommand {
  private HypervisorCommand() {}

  /** The whole command, confinement first. */
  public static List<String> build(String qemu, HypervisorConfig config) {
    List<String> command = new ArrayList<>(confinement(config));
    command.add(qemu);
    command.addAll(arguments(config));
    return command;
  }

  private static List<String> confinement(HypervisorConfig config) {
    String user = Integer.toString(config.userId());
    List<String> command =
        new ArrayList<>(
            List.of("unshare", "--net", "--", "setpriv", "--reuid", user, "--regid", user));
    if (config.kvmGroupId() >= 0) {
      command.addAll(List.of("--groups", Integer.toString(config.kvmGroupId())));
    } else {
      command.add("--clear-groups");
    }
    // The death signal is asked for last, after the change of user that would clear it.
    command.addAll(List.of("--no-new-privs", "--pdeathsig", "KILL", "--", "env"));
    command.add("LD_PRELOAD=" + config.preload());
    command.add("TARDIGRADE_TRACKING=" + config.runDir().resolve("track.sock"));
    return command;
  }

  static List<String> arguments(HypervisorConfig config) {
    List<String> args = new ArrayList<>();
    args.addAll(List.of("-name", "guest=" + value(config.guest()) + ",debug-threads=on"));
    args.addAll(List.of("-nodefaults", "-no-user-config", "-vga", "none", "-display", "none"));
    args.addAll(
        List.of(
            "-sandbox", "on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny"));
    args.addAll(List.of("-machine", machine(config)));
    args.addAll(accelerator(config));
    args.addAll(List.of("-smp", Integer.toString(config.vcpus())));
    args.addAll(List.of("-m", config.ramBytes() / (1 << 20) + "M"));
    args.addAll(
        List.of(
            "-object",
            "memory-backend-file,id=ram0,share=off,size="
                + config.ramBytes()
                + ",mem-path="
                + value(config.ramFile().toString())));
    // Neither section exists in a device-state file, so that a spare must not expect them.
    args.addAll(List.of("-global", "migration.send-configuration=off"));
    args.addAll(List.of("-global", "migration.store-global-state=off"));
    args.addAll(List.of("-rtc", "base=utc,clock=host"));
    // A guest that resets or powers off stays paused until the guardian has committed its last
    // writes.
    args.addAll(List.of("-action", "reboot=shutdown,shutdown=pause"));
    args.addAll(List.of("-chardev", socket(config, "qmp"), "-mon", "chardev=qmp,mode=control"));
    args.addAll(List.of("-chardev", socket(config, "console"), "-serial", "chardev:console"));
    args.addAll(devices(config));
    HypervisorConfig.@Nullable DirectBoot boot = config.boot();
    if (boot != null) {
      args.addAll(
          List.of("-kernel", boot.kernel().toString(), "-initrd", boot.initrd().toString()));
      args.addAll(List.of("-append", boot.commandLine()));
    }
    args.addAll(config.incoming() ? List.of("-incoming", "defer") : List.of("-S"));
    return args;
  }

  private static String machine(HypervisorConfig config) {
    String common = ",memory-backend=ram0,suppress-vmdesc=on";
    return switch (config.machine()) {
      case MICROVM -> "microvm,acpi=on,pit=off,pic=off,rtc=on,isa-serial=on" + common;
      case Q35 -> "q35,vmport=off,smm=off" + common;
    };
  }

  private static List<String> accelerator(HypervisorConfig config) {
    return switch (config.accelerator()) {
      case KVM -> List.of("-accel", "kvm", "-cpu", "host");
      // The translation cache is bounded: its default would be a large part of a small host's
      // memory.
      case TCG -> List.of("-accel", "tcg,thread=multi,tb-size=64", "-cpu", "max");
    };
  }

  private static List<String> devices(HypervisorConfig config) {
    String bus = config.machine() == Machine.MICROVM ? "device" : "pci";
    String rom = config.machine() == Machine.MICROVM ? "" : ",romfile=";
    List<String> args = new ArrayList<>();
    args.addAll(
        List.of(
            "-netdev",
            "stream,id=net0,server=off,addr.type=unix,addr.path="
                + value(config.runDir().resolve("net.sock").toString())));
    args.addAll(List.of("-device", "virtio-net-" + bus + ",netdev=net0,mac=" + config.mac() + rom));
    int index = 0;
    for (HypervisorConfig.Disk disk : config.disks()) {
      String node = "disk" + index++;
      args.addAll(
          List.of(
              "-blockdev",
              "driver=nbd,node-name="
                  + node
                  + ",server.type=unix,server.path="
                  + value(config.runDir().resolve("nbd.sock").toString())
                  + ",export="
                  + value(disk.name())
                  + ",discard=unmap,read-only="
                  + (disk.readOnly() ? "on" : "off")));
      args.addAll(
          List.of(
              "-device",
              "virtio-blk-"
                  + bus
                  + ",drive="
                  + node
                  + ",serial="
                  + value(disk.serial())
                  + ",bootindex="
                  + index));
    }
    args.addAll(List.of("-device", "virtio-serial-" + bus));
    args.addAll(List.of("-chardev", socket(config, "control")));
    args.addAll(List.of("-device", "virtserialport,chardev=control,name=org.qemu.guest_agent.0"));
    return args;
  }

  private static String socket(HypervisorConfig config, String id) {
    return "socket,id="
        + id
        + ",server=off,path="
        + value(config.runDir().resolve(id + ".sock").toString());
  }

  private static String value(String text) {
    return text.replace(",", ",,");
  }
}
