package io.tardigrade.box;

import static org.assertj.core.api.Assertions.assertThat;

import io.tardigrade.box.LabUser.Said;
import io.tardigrade.lab.LabHost;
import io.tardigrade.linux.Command;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.api.io.TempDir;

/**
 * The commands of {@code lab} as a user types them. One host for all, since it takes its time to
 * boot; the last test takes it down.
 */
@Tag("box")
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class LabTest {
  private static final String BOOT_ID = "cat /proc/sys/kernel/random/boot_id";

  @TempDir static Path home;
  private static LabUser user;

  @BeforeAll
  static void up() throws IOException {
    user = LabUser.in(home);
    // As a command that was killed in the middle would have left it.
    Files.createDirectories(home.resolve("state/lab/torn"));
    Said said = lab("up --name torn --memory 2G --preserve 512M");
    assertThat(said.code()).as(said.err()).isZero();
    assertThat(said.out()).matches("torn [0-9.]+ [0-9.]+/24\n");
    assertThat(said.err()).contains("booting torn");
  }

  @AfterAll
  static void takeDown() {
    var _ = lab("down");
  }

  private static Said lab(String line) {
    return cli("", ("lab " + line).split(" "));
  }

  /** Runs a script in the host, which has to succeed. */
  private static String in(String script) {
    Said said = cli("", "lab", "run", "torn", "--", "bash", "-c", script);
    assertThat(said.code()).as(said.err()).isZero();
    return said.out().strip();
  }

  private static Said cli(String typed, String... words) {
    return user.cli(typed, words);
  }

  private static String address() {
    return lab("list").out().lines().skip(1).findFirst().orElseThrow().split(" +")[3];
  }

  @Test
  @Order(1)
  void commandsRunInTheHostWithInputOutputAndExitCode() {
    Said said =
        cli("given", "lab", "run", "torn", "sh", "-c", "cat; uname -n; echo no >&2; exit 7");
    assertThat(said).isEqualTo(new Said(7, "giventorn\n", "no\n"));
    assertThat(cli("", "lab", "run", "torn", "--", "tardigrade", "list", "-o", "json"))
        .isEqualTo(new Said(0, "[ ]\n", ""));
  }

  @Test
  @Order(1)
  void hostHasWhatAResetNeeds() {
    assertThat(in("grep -c /dev/pmem0.*ext4.*dax=always /proc/mounts")).isEqualTo("1");
    assertThat(in("stat -f -c %T " + LabHost.PRESERVED)).isEqualTo("ext2/ext3");
    assertThat(in("ls /boot/vmlinuz-* | wc -l; ls /boot/initrd.img-* | wc -l")).isEqualTo("2\n2");
    assertThat(
            in("[ -s /boot/vmlinuz-$(uname -r) ] && [ -s /boot/initrd.img-$(uname -r) ] && echo"))
        .isEmpty();
    assertThat(in("cat /sys/kernel/kexec_crash_size")).isEqualTo(Integer.toString(320 << 20));
    assertThat(in("[ -c /dev/kvm ] && kexec --version")).contains("kexec");
  }

  /** As by Ctrl-C, and by anything worse. */
  @Test
  @Order(1)
  void commandThatIsCutOffHereEndsInTheHostToo() throws Exception {
    List<String> command =
        List.of(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "--enable-native-access=ALL-UNNAMED",
            "-cp",
            System.getProperty("surefire.test.class.path", System.getProperty("java.class.path")),
            "io.tardigrade.cli.Main",
            "lab",
            "run",
            "torn",
            "--",
            "sleep",
            "4711");
    ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
    builder.environment().putAll(user.environment());
    builder.redirectOutput(ProcessBuilder.Redirect.DISCARD);
    Process process = builder.start();
    try {
      in("timeout 60 sh -c 'until pgrep -f \"[s]leep 4711\" >/dev/null; do sleep 0.1; done'");
    } finally {
      process.destroyForcibly();
    }
    in("timeout 20 sh -c 'while pgrep -f \"[s]leep 4711\" >/dev/null; do sleep 0.1; done'");
  }

  @Test
  @Order(1)
  void consoleShowsAShell() {
    Said said = cli("echo $((6 * 7))\n", "lab", "console", "torn");
    assertThat(said.code()).isZero();
    assertThat(said.out()).contains("42").contains("torn:");
  }

  @Test
  @Order(1)
  void hostReachesOutsideThroughThisMachine() throws IOException {
    String gateway = in("ip route show default").split(" ")[2];
    assertThat(Command.run("ip", "-4", "-o", "address")).contains(" " + gateway + "/24");
    assertThat(in("exec 3<>/dev/udp/192.0.2.1/9; ip route get 192.0.2.1")).contains(gateway);
  }

  @Test
  @Order(2)
  void leakIsBoundedAndEndsWhenTold() throws Exception {
    long before = unreclaimableMib();

    assertThat(lab("leak torn --kind kernel --rate 64M --limit 96M").code()).isZero();
    assertThat(lab("leak torn --kind kernel").code()).isEqualTo(5);
    in("until grep -q holding /run/lab/leak-kernel.log; do sleep 0.2; done");
    long held = unreclaimableMib() - before;
    assertThat(held).isBetween(80L, 180L);
    Thread.sleep(1000);
    assertThat(unreclaimableMib() - before).isBetween(held - 20, held + 20);

    assertThat(lab("leak torn --kind process --rate 64M --limit 64M").code()).isZero();
    in("until grep -q holding /run/lab/leak-process.log; do sleep 0.2; done");
    assertThat(lab("leak torn --stop").code()).isZero();
    in("while pgrep -f '[h]elper leak' >/dev/null; do sleep 0.1; done");
    assertThat(unreclaimableMib() - before).isLessThan(40);
  }

  private static long unreclaimableMib() {
    return Long.parseLong(in("awk '/^SUnreclaim/ { print $2 }' /proc/meminfo")) >> 10;
  }

  @Test
  @Order(3)
  void panickedHostBootsAgainWithDiskAndPreservedMemory() {
    String before = in(BOOT_ID);
    in("echo disk >/var/lib/kept; echo ram >" + LabHost.PRESERVED + "/kept; sync");

    assertThat(lab("panic torn").code()).isZero();

    assertThat(in(BOOT_ID)).isNotEqualTo(before);
    assertThat(in("cat /var/lib/kept " + LabHost.PRESERVED + "/kept")).isEqualTo("disk\nram");
  }

  @Test
  @Order(4)
  void resetHostBootsAgainWithDiskAndPreservedMemory() {
    String before = in(BOOT_ID);
    in("echo more >>" + LabHost.PRESERVED + "/kept; sync");

    assertThat(lab("reset torn").code()).isZero();

    assertThat(in(BOOT_ID)).isNotEqualTo(before);
    assertThat(in("cat /var/lib/kept " + LabHost.PRESERVED + "/kept")).isEqualTo("disk\nram\nmore");
  }

  @Test
  @Order(5)
  void crashKernelAndKexecComeTheSameWay() throws IOException {
    String load =
        "kexec -s %s /boot/vmlinuz-%2$s --initrd=/boot/initrd.img-%2$s"
            + " --command-line=\"$(sed 's/crashkernel=[^ ]*//' /proc/cmdline)%3$s\"";
    String other = in("ls /boot/vmlinuz-* | sed 's/.*vmlinuz-//' | grep -vx \"$(uname -r)\"");
    in(load.formatted("-p", "$(uname -r)", " nr_cpus=1 reset_devices"));

    assertThat(lab("panic torn").code()).isZero();

    assertThat(in("cat /proc/cmdline")).contains("nr_cpus=1");
    assertThat(in("cat " + LabHost.PRESERVED + "/kept")).isEqualTo("ram\nmore");

    // A full system again, of the other version: by power button, then by kexec.
    assertThat(lab("reset torn").code()).isZero();
    in(load.formatted("-l", other, ""));
    host().scriptAndAwaitRestart("sync; kexec -e", LabHost.BOOT_MAX);
    assertThat(in("uname -r")).isEqualTo(other);
    assertThat(in("cat " + LabHost.PRESERVED + "/kept")).isEqualTo("ram\nmore");
  }

  private static LabHost host() throws IOException {
    return new io.tardigrade.lab.Lab(
            io.tardigrade.guest.HostPaths.of(user.environment()), line -> System.out.println(line))
        .host("torn");
  }

  @Test
  @Order(6)
  void powerCutLosesMemoryAndWhatWasNotFlushed() {
    in("echo flushed >/var/lib/flushed; sync; echo unflushed >/var/lib/unflushed");

    assertThat(lab("power-cut torn").code()).isZero();

    assertThat(in("cat /var/lib/flushed")).isEqualTo("flushed");
    assertThat(in("ls /var/lib/unflushed " + LabHost.PRESERVED + "/kept 2>/dev/null; true"))
        .isEmpty();
    assertThat(in("uname -r")).isEqualTo(lab("list").out().lines().toList().get(1).split(" +")[10]);
  }

  @Test
  @Order(7)
  void hostThatWasShutDownIsOffUntilItIsBooted() throws Exception {
    assertThat(cli("", "lab", "run", "torn", "poweroff").code()).isEqualTo(1);
    for (int i = 0; i < 200 && lab("list").out().contains("  ON "); i++) {
      Thread.sleep(50);
    }
    assertThat(lab("list").out()).contains("  OFF ");
    assertThat(lab("reset torn").code()).isEqualTo(5);
    assertThat(lab("run torn true").err()).contains("'tardigrade lab power-cut torn' boots it");

    assertThat(lab("power-cut torn").code()).isZero();
    assertThat(in("cat /var/lib/flushed")).isEqualTo("flushed");
  }

  @Test
  @Order(8)
  void hostThatIsTakenDownLeavesNothing() throws IOException {
    assertThat(lab("up --name torn").code()).as("the name is in use").isEqualTo(5);
    String bridge = in("true") + bridge();
    Files.createDirectories(home.resolve("state/lab/half-made"));

    assertThat(lab("down torn").code()).isZero();
    assertThat(lab("down").code()).isZero();

    assertThat(lab("list").out()).hasLineCount(1);
    try (Stream<Path> left = Stream.concat(Files.list(home), Files.list(home.resolve("state")))) {
      assertThat(left.map(path -> path.getFileName().toString()))
          .containsExactlyInAnyOrder("state", "cache", "lab.lock");
    }
    assertThat(Command.run("ip", "-o", "link")).doesNotContain(bridge.replaceAll("-br$", "-"));
    assertThat(Command.run("nft", "list", "tables")).doesNotContain(bridge);
    assertThat(ProcessHandle.allProcesses().map(p -> p.info().commandLine().orElse("")))
        .noneMatch(line -> line.contains(home.toString()));
  }

  /** The machine's device on the way to the host. */
  private static String bridge() throws IOException {
    List<String> route = List.of(Command.run("ip", "route", "get", address()).split(" "));
    return route.get(route.indexOf("dev") + 1);
  }
}
