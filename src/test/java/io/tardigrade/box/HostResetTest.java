package io.tardigrade.box;

import static org.assertj.core.api.Assertions.assertThat;

import io.tardigrade.guest.HostPaths;
import io.tardigrade.image.GuestKernel;
import io.tardigrade.linux.NativeHelpers;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * A host whose operating system is replaced, and lost, beneath a guest whose committed image lies
 * in memory that the next kernel leaves alone. The tests share the host and its guest, in any
 * order.
 */
@Tag("box")
class HostResetTest {
  private static final String CACHE = "/var/lib/tardigrade/cache";
  private static final String TARDIGRADE =
      "java --enable-native-access=ALL-UNNAMED io.tardigrade.cli.Main ";
  private static final Duration RESTART_MAX = Duration.ofMinutes(4);
  private static final Duration SHORT = Duration.ofSeconds(60);

  private static HostBox box;
  private static String address;

  @BeforeAll
  static void boot() throws IOException {
    Path cache = HostPaths.of(System.getenv()).cache();
    String release = GuestKernel.obtain(cache).release();
    Path kernel = cache.resolve("kernel").resolve(release);
    Path helpers = NativeHelpers.preload().resolveSibling("");
    box =
        HostBox.start(
            BoxOptions.withProduct()
                .kernelArguments(List.of("memmap=512M!1G", "panic=5"))
                .plusFiles(Map.of("native", helpers, "kernel/" + release, kernel)));
    box.run("mkdir -p " + CACHE + " && ln -s /opt/tardigrade/kernel " + CACHE + "/kernel", SHORT)
        .orThrow();
    byte[] initramfs = Files.readAllBytes(box.folder().resolve("initramfs"));
    String host = box.run("uname -r", SHORT).orThrow().text();
    box.push(initramfs, "/boot/initrd.img-" + host);
    say(tardigrade("host preserve --size 512M"));
    BoxResult result =
        box.run(
            TARDIGRADE
                + "run --name kv --memory 128M --volume data:/data:64M --detach"
                + " --checkpoint-interval 2s --hang-timeout 1m"
                + " -- redis-server --protected-mode no --dir /data --appendonly yes",
            Duration.ofMinutes(5));
    assertThat(result.exitCode()).as(result.errorText()).isIn(0, 6);
    address =
        box.run(
                "sed -n 's/.*\"address\" *: *\"\\([0-9.]*\\)\".*/\\1/p'"
                    + " /var/lib/tardigrade/guests/kv/spec.json",
                SHORT)
            .orThrow()
            .text();
    say("guest at " + address);
    redis("SET known before");
  }

  @AfterAll
  static void end() throws IOException {
    if (box != null) {
      say(logs());
      box.close();
    }
  }

  @Test
  void guestGoesOnThroughAPlannedReset() throws IOException {
    String server = server();
    long before = count();
    String kernel = bootId();

    box.runAndAwaitRestart(
        TARDIGRADE + "host reset --reason 'a test' >/dev/console 2>&1", RESTART_MAX);
    assertThat(bootId()).isNotEqualTo(kernel);
    say(tardigrade("host resume --timeout 4m"));

    assertThat(count()).isEqualTo(before + 1);
    assertThat(server()).isEqualTo(server);
    assertThat(redis("GET known")).isEqualTo("before");
    assertThat(lastIncident()).contains("host-reset", "recovered");
  }

  @Test
  void guestGoesOnAfterAPanicWithNothingLostThatAClientWasTold() throws IOException {
    String server = server();
    String kernel = bootId();

    // A client that writes until the end, its last answer kept outside the host.
    box.runAndAwaitRestart(
        """
        (while n=$(redis-cli -h %s INCR counter); do echo "told $n" >/dev/console; done) &
        sleep 5
        echo c >/proc/sysrq-trigger
        """
            .formatted(address),
        RESTART_MAX);
    long told =
        box.console()
            .lines()
            .filter(line -> line.contains("told "))
            .mapToLong(line -> Long.parseLong(line.replaceAll(".*told (\\d+).*", "$1")))
            .max()
            .orElseThrow();
    assertThat(bootId()).isNotEqualTo(kernel);
    say(tardigrade("host resume --timeout 4m"));

    say("told before the panic: " + told);
    assertThat(count()).isGreaterThan(told);
    assertThat(server()).isEqualTo(server);
    assertThat(lastIncident()).contains("host-lost", "recovered");
  }

  private static long count() throws IOException {
    return Long.parseLong(redis("INCR counter"));
  }

  private static String server() throws IOException {
    return redis("INFO server").lines().filter(l -> l.startsWith("run_id:")).findFirst().orElse("");
  }

  private static String redis(String command) throws IOException {
    String script =
        "for i in $(seq 300); do timeout 10 redis-cli -h %s %s && exit 0; sleep 1; done; exit 1"
            .formatted(address, command);
    return box.run(script, Duration.ofMinutes(6)).orThrow().text();
  }

  private static String bootId() throws IOException {
    return box.run("cat /proc/sys/kernel/random/boot_id", SHORT).orThrow().text();
  }

  private static String lastIncident() throws IOException {
    return box.run("cat \"$(ls -t /var/lib/tardigrade/incidents/*.json | head -n 1)\"", SHORT)
        .orThrow()
        .text();
  }

  private static String tardigrade(String arguments) throws IOException {
    BoxResult result = box.run(TARDIGRADE + arguments, Duration.ofMinutes(5));
    if (result.exitCode() != 0) {
      throw new IOException(arguments + ": " + result.errorText() + "\n" + logs());
    }
    return result.text() + result.errorText();
  }

  private static String logs() {
    try {
      return box.run(
              "tail -n 40 /var/lib/tardigrade/guests/*/guardian.log /var/lib/tardigrade/agent.log"
                  + " /var/lib/tardigrade/incidents/*.json",
              SHORT)
          .text();
    } catch (IOException e) {
      return "no logs: " + e.getMessage();
    }
  }

  private static void say(String text) {
    text.lines().forEach(line -> System.out.println("[box] " + line));
  }
}
