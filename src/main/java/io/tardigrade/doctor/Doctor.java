package io.tardigrade.doctor;

import io.tardigrade.guest.HostPaths;
import io.tardigrade.guest.Quantities;
import io.tardigrade.linux.Command;
import io.tardigrade.linux.Linux;
import io.tardigrade.linux.LinuxException;
import io.tardigrade.linux.UnixSocket;
import io.tardigrade.memory.SoftDirtyTracker;
import io.tardigrade.network.HostNetwork;
import io.tardigrade.network.Installation;
import io.tardigrade.qemu.Accelerator;
import io.tardigrade.recoverymanager.Maintenance;
import io.tardigrade.recoverymanager.MaintenanceFile;
import java.io.IOException;
import java.nio.file.FileStore;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

/** Looks at all that guests need of this host. */
public final class Doctor {
  private static final int JAVA_MIN = 25;
  private static final long IMAGES_FREE_BYTES_MIN = 192L << 20;

  private final HostPaths paths;
  private final Installation installation;
  private final Consumer<String> progress;
  private final boolean root = Linux.geteuid() == 0;

  /** The doctor of the host, for the installation with these paths. */
  public Doctor(HostPaths paths, Installation installation, Consumer<String> progress) {
    this.paths = paths;
    this.installation = installation;
    this.progress = progress;
  }

  /** Whether guests can run. */
  public static boolean isFit(List<Check> checks) {
    return checks.stream().noneMatch(check -> check.status() == Check.Status.FAILED);
  }

  /** All checks, in the order in which a person would look. */
  public List<Check> examine() {
    List<Check> checks = new ArrayList<>();
    checks.add(java());
    checks.add(
        root
            ? Check.ok("root", "yes")
            : Check.failed("root", "no: guests need devices and networks; use sudo"));
    Check qemu = qemu();
    checks.add(qemu);
    checks.add(accelerator(qemu));
    addKernel(checks);
    addTools(checks);
    addNetwork(checks);
    addSpace(checks);
    checks.add(PreservedCheck.of(paths));
    checks.add(agent());
    checks.add(recovery());
    return checks;
  }

  /** Whether the recovery ladder acts, or what keeps it from that. */
  private Check recovery() {
    Maintenance found;
    try {
      found = new MaintenanceFile(paths).read();
    } catch (IOException e) {
      return Check.note("recovery", String.valueOf(e.getMessage()));
    }
    if (found.on()) {
      return Check.note(
          "recovery",
          "maintenance is on since "
              + found.since()
              + (found.reason().isEmpty() ? "" : " (" + found.reason() + ")")
              + ": failures are told and nothing is done; 'tardigrade maintenance off'");
    }
    if (found.failedResets() > 0) {
      return Check.note(
          "recovery",
          "a reset of this host failed, and there is no other before 'tardigrade maintenance"
              + " acknowledge'");
    }
    return Check.ok("recovery", "acts; maintenance is off");
  }

  private static Check java() {
    int feature = Runtime.version().feature();
    String detail = Runtime.version() + " at " + System.getProperty("java.home");
    return feature >= JAVA_MIN
        ? Check.ok("JDK", detail)
        : Check.failed("JDK", detail + ": install a JDK " + JAVA_MIN + " or newer");
  }

  private static Check qemu() {
    try {
      QemuVersion version = QemuVersion.ofHost();
      return version.isNewEnough()
          ? Check.ok("QEMU", version.text())
          : Check.failed("QEMU", version.text() + " is too old: install 7.2 or newer");
    } catch (IOException e) {
      return Check.failed("QEMU", e.getMessage() + " Install qemu-system-x86");
    }
  }

  private Check accelerator(Check qemu) {
    if (qemu.status() == Check.Status.FAILED) {
      return Check.note("accelerator", "not tried out without QEMU");
    }
    try {
      Accelerators.Choice choice = Accelerators.detect(paths, progress);
      return choice.accelerator() == Accelerator.KVM
          ? Check.ok("accelerator", "kvm: " + choice.reason())
          : Check.note("accelerator", "emulation: " + choice.reason());
    } catch (IOException e) {
      return Check.note("accelerator", "emulation: " + e.getMessage());
    }
  }

  private static void addKernel(List<Check> checks) {
    checks.add(optional("userfaultfd", KernelFeatures.userfaultWriteProtection(), "Linux 6.7"));
    checks.add(optional("PAGEMAP_SCAN", KernelFeatures.pagemapScan(), "Linux 6.7"));
    checks.add(
        SoftDirtyTracker.supported()
            ? Check.ok("soft-dirty", "there")
            : Check.note("soft-dirty", "not in this kernel; needed only without userfaultfd"));
    String engine = KernelFeatures.engine();
    checks.add(
        engine.equals("userfaultfd")
            ? Check.ok("engine", engine)
            : Check.note("engine", engine + ", which is slow: boot Linux 6.7 or newer"));
    checks.add(required("process_vm_readv", KernelFeatures.processVmReadv()));
    checks.add(required("pidfd", KernelFeatures.pidfd()));
  }

  private static Check optional(String what, String refusal, String since) {
    return refusal.isEmpty()
        ? Check.ok(what, "works")
        : Check.note(what, "refused with " + refusal + ": boot " + since + " or newer");
  }

  private static Check required(String what, String refusal) {
    return refusal.isEmpty()
        ? Check.ok(what, "works")
        : Check.failed(
            what, "refused with " + refusal + ": is this a container? Allow it the system call");
  }

  private static void addTools(List<Check> checks) {
    checks.add(tool("mke2fs", "e2fsprogs", "-V"));
    checks.add(tool("setpriv", "util-linux", "--version"));
    checks.add(tool("busybox", "busybox-static", "true"));
  }

  private static Check tool(String program, String debianPackage, String argument) {
    try {
      Command.Result result = Command.attempt(program, argument);
      return result.ok()
          ? Check.ok(program, "there")
          : Check.failed(program, result.failure().getMessage() + "");
    } catch (IOException e) {
      return Check.failed(program, "missing: install " + debianPackage);
    }
  }

  private void addNetwork(List<Check> checks) {
    checks.add(tun());
    if (!root) {
      checks.add(Check.note("bridge, nftables", "not tried out, which needs root"));
      return;
    }
    // In a network of its own, which is gone with the command.
    checks.add(inOwnNetwork("bridge", "iproute2", "ip", "link", "add", "probe", "type", "bridge"));
    checks.add(inOwnNetwork("nftables", "nftables", "nft", "add", "table", "ip", "probe"));
    try {
      for (String obstacle : new HostNetwork(installation, paths.state()).obstacles()) {
        checks.add(Check.note("firewall", obstacle));
      }
    } catch (IOException e) {
      checks.add(Check.note("firewall", "cannot be read: " + e.getMessage()));
    }
  }

  private static Check tun() {
    try {
      Linux.close(Linux.open(Path.of("/dev/net/tun"), Linux.O_RDWR | Linux.O_NONBLOCK));
      return Check.ok("/dev/net/tun", "opens");
    } catch (LinuxException e) {
      return Check.failed("/dev/net/tun", e.getMessage() + ": 'modprobe tun', or use sudo");
    }
  }

  private static Check inOwnNetwork(String what, String debianPackage, String... command) {
    List<String> argv = new ArrayList<>(List.of("unshare", "--net", "--"));
    argv.addAll(List.of(command));
    try {
      Command.Result result = Command.attempt(argv, "", java.time.Duration.ofSeconds(10));
      return result.ok()
          ? Check.ok(what, "works")
          : Check.failed(what, result.failure().getMessage() + " (Debian: " + debianPackage + ")");
    } catch (IOException e) {
      return Check.failed(what, e.getMessage() + " (Debian: " + debianPackage + ")");
    }
  }

  private void addSpace(List<Check> checks) {
    try {
      FileStore store = Files.getFileStore(existing(paths.images()));
      long free = store.getUsableSpace();
      String detail =
          Quantities.bytes(free) + " free of " + Quantities.bytes(store.getTotalSpace());
      checks.add(
          free >= IMAGES_FREE_BYTES_MIN
              ? Check.ok(paths.images().toString(), detail)
              : Check.failed(
                  paths.images().toString(),
                  detail + ": too little for any guest; enlarge it, or delete guests"));
      checks.add(memory());
    } catch (IOException e) {
      checks.add(Check.failed("space", String.valueOf(e.getMessage())));
    }
    Path state = existing(paths.state());
    checks.add(
        Files.isWritable(state)
            ? Check.ok("state folder", paths.state() + " can be written")
            : Check.failed(
                "state folder", state + " cannot be written: use sudo, or give another --state"));
  }

  private static Check memory() throws IOException {
    long total = 0;
    long available = 0;
    for (String line : Files.readAllLines(Path.of("/proc/meminfo"))) {
      String[] words = line.split("\\s+", -1);
      if (words[0].equals("MemTotal:")) {
        total = Long.parseLong(words[1]) << 10;
      } else if (words[0].equals("MemAvailable:")) {
        available = Long.parseLong(words[1]) << 10;
      }
    }
    String detail = Quantities.bytes(available) + " available of " + Quantities.bytes(total);
    return available >= IMAGES_FREE_BYTES_MIN * 2
        ? Check.ok("memory", detail)
        : Check.note("memory", detail + ": a guest takes up to twice its RAM");
  }

  private static Path existing(Path path) {
    Path found = path;
    while (!Files.exists(found) && found.getParent() != null) {
      found = found.getParent();
    }
    return found;
  }

  private Check agent() {
    Path socket = paths.run().resolve("agent.sock");
    try {
      UnixSocket.connect(socket).close();
      return Check.ok("agent", "answers at " + socket);
    } catch (IOException e) {
      return Check.note("agent", "not running; the first 'run' starts it");
    }
  }
}
