package io.tardigrade.image;

import io.tardigrade.linux.NativeHelpers;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Our own part of every initramfs, and the writing of it.
 *
 * <pre>
 *   /.tardigrade/init       PID 1, a shell script
 *               /busybox    its commands
 *               /clock      keeps the guest's clock right
 *               /settings   shell variables and functions that init reads
 *               /launch     shell script that becomes the program
 *               /modules/   kernel modules, inserted in the order of /modules/order
 *               /setpriv/   only where the program is not root
 * </pre>
 */
final class BootFiles {
  static final String OWN = "/.tardigrade";
  static final String BUSYBOX = OWN + "/busybox";

  // Without tsc=reliable the kernel checks the TSC against counted ticks, of which a busy host and
  // every checkpoint's pause lose some; it then counts ticks for good, so the clock runs slow,
  // timers are coarse, and an idle guest keeps ticking. With reboot=t the guest resets by a triple
  // fault: what it tries first otherwise works on a microvm only until its first recovery.
  private static final String COMMAND_LINE =
      "rdinit="
          + OWN
          + "/init console=ttyS0 quiet loglevel=3 panic=-1 reboot=t random.trust_cpu=on tsc=reliable";

  private BootFiles() {}

  /** Adds our files to {@code tree}. */
  static void add(FileTree tree, GuestKernel kernel, GuestSettings settings, ProgramStart start)
      throws IOException {
    boolean rootDisk = false;
    add(tree, kernel, settings, start, rootDisk);
  }

  static void add(
      FileTree tree,
      GuestKernel kernel,
      GuestSettings settings,
      ProgramStart start,
      boolean rootDisk)
      throws IOException {
    tree.folder("/dev", 0755);
    // The kernel opens these two before init can mount anything.
    tree.characterDevice("/dev/console", 5, 1, 0600);
    tree.characterDevice("/dev/null", 1, 3, 0666);
    tree.file(OWN + "/init", resource("init"), 0755);
    own(tree, BUSYBOX, kernel.busybox(), 0755);
    own(tree, OWN + "/clock", NativeHelpers.guestClock(), 0755);
    tree.file(OWN + "/settings", settingsText(settings, start, rootDisk), 0600);
    tree.file(OWN + "/launch", start.script(), 0644);
    StringBuilder order = new StringBuilder();
    for (Path module : kernel.modules()) {
      String name = module.getFileName().toString();
      own(tree, OWN + "/modules/" + name, module, 0600);
      order.append(name).append('\n');
    }
    tree.file(OWN + "/modules/order", order.toString(), 0600);
    if (!start.user().isRoot()) {
      addSetpriv(tree);
    }
  }

  /** Writes {@code tree} as an initramfs to {@code initrd} and returns the plan to boot it. */
  static BootPlan write(FileTree tree, GuestKernel kernel, Path initrd, @Nullable Path rootDisk)
      throws IOException {
    Staging.file(
        initrd,
        temporary -> {
          try (OutputStream out =
              new BufferedOutputStream(Files.newOutputStream(temporary), 1 << 18)) {
            new NewcWriter(out).write(tree);
          }
        });
    return new BootPlan(BootPlan.Machine.MICROVM, kernel.vmlinuz(), initrd, COMMAND_LINE, rootDisk);
  }

  /** The shell variables that the init script documents. */
  static String settingsText(GuestSettings settings, ProgramStart start, boolean rootDisk) {
    GuestNetwork network = settings.network();
    StringBuilder text = new StringBuilder();
    variable(text, "HOST_NAME", settings.hostname());
    variable(text, "ADDRESS", network == null ? "" : network.address());
    variable(text, "PREFIX", network == null ? "" : String.valueOf(network.prefixBits()));
    variable(text, "GATEWAY", network == null ? "" : network.gateway());
    variable(text, "NAME_SERVERS", network == null ? "" : String.join(" ", network.nameServers()));
    variable(text, "ROOT_SERIAL", rootDisk ? BootPlan.ROOT_SERIAL : "");
    variable(text, "OWNER", start.user().uid() + ":" + start.user().gid());
    variable(text, "GRACE", String.valueOf(settings.stopGraceSeconds()));
    text.append("volumes() {\n  :\n");
    for (GuestVolume volume : settings.volumes()) {
      text.append("  \"$@\" ")
          .append(ShellText.quote(volume.serial()))
          .append(' ')
          .append(ShellText.quote(volume.mountPoint()))
          .append('\n');
    }
    return text.append("}\n").toString();
  }

  private static void variable(StringBuilder text, String name, String value) {
    text.append(name).append('=').append(ShellText.quote(value)).append('\n');
  }

  private static void own(FileTree tree, String path, Path source, int permissions)
      throws IOException {
    tree.file(path, Files.readAllBytes(source), permissions);
  }

  /** util-linux's setpriv with its own linker and libraries, so that it runs in any root. */
  private static void addSetpriv(FileTree tree) throws IOException {
    Path setpriv = CommandLookup.find("setpriv", CommandLookup.DEFAULT_PATH);
    LibraryClosure closure = new LibraryClosure(LibrarySearch.ofHost(), CommandLookup.DEFAULT_PATH);
    closure.add(setpriv);
    ElfFile elf = ElfFile.readIfElf(setpriv);
    String linker = elf == null ? null : elf.interpreter();
    for (Path file : closure.files()) {
      String name = file.toString().equals(linker) ? "ld.so" : file.getFileName().toString();
      own(tree, ProgramStart.PRIVILEGE_FOLDER + "/" + name, file, 0755);
    }
  }

  private static byte[] resource(String name) throws IOException {
    try (InputStream in = BootFiles.class.getResourceAsStream(name)) {
      if (in == null) {
        throw new IOException("this build lacks the resource io/tardigrade/image/" + name);
      }
      return in.readAllBytes();
    }
  }

  /** Files every root needs that the kernel and libraries take for granted. */
  static void addSystemFiles(FileTree tree, UserDatabase host, UserIds user) throws ImageException {
    for (String folder : List.of("/proc", "/sys", "/run", "/var/log", "/var/lib", "/etc")) {
      tree.folder(folder, 0755);
    }
    tree.folder("/root", 0700);
    tree.folder("/tmp", 01777);
    tree.folder("/var/tmp", 01777);
    String userLine = user.uid() == 0 ? "" : host.passwdLines(user);
    String groupLine = user.gid() == 0 && user.groups().isEmpty() ? "" : host.groupLines(user);
    text(
        tree,
        "/etc/passwd",
        "root:x:0:0:root:/root:/bin/sh\n"
            + userLine
            + "nobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin\n");
    text(tree, "/etc/group", "root:x:0:\n" + groupLine + "tty:x:5:\nnogroup:x:65534:\n");
    text(tree, "/etc/nsswitch.conf", "passwd: files\ngroup: files\nhosts: files dns\n");
  }

  private static void text(FileTree tree, String path, String content) throws ImageException {
    if (!tree.contains(path)) {
      tree.file(path, content.getBytes(StandardCharsets.UTF_8), 0644);
    }
  }
}
