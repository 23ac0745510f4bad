package io.tardigrade.qemu;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.util.Set;

/** What starting a hypervisor needs to know of this host. */
public final class HostFacts {
  private static final Path KVM = Path.of("/dev/kvm");

  private HostFacts() {}

  /** The QEMU binary. */
  public static String qemu() {
    return "/usr/bin/qemu-system-x86_64";
  }

  /** The group that may use /dev/kvm, or -1 where no group may. */
  public static int kvmGroup() throws IOException {
    if (!Files.exists(KVM)) {
      return -1;
    }
    Set<PosixFilePermission> permissions = Files.getPosixFilePermissions(KVM);
    boolean open =
        permissions.contains(PosixFilePermission.GROUP_READ)
            && permissions.contains(PosixFilePermission.GROUP_WRITE);
    return open ? (int) Files.getAttribute(KVM, "unix:gid") : -1;
  }
}
