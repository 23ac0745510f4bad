package io.tardigrade.box;

import static org.assertj.core.api.Assertions.assertThat;

import io.tardigrade.lab.CommandResult;
import io.tardigrade.lab.LabOptions;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestMethodOrder;

/**
 * A host whose operating system is replaced, and lost, beneath a guest that a client outside counts
 * in. Nothing but the agent, which the host starts at boot, brings the guest back. One host for all
 * tests; each goes on from what the one before left.
 */
@Tag("box")
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class HostResetTest {
  private static final Duration RESTART_MAX = Duration.ofMinutes(4);
  private static final Duration SHORT = Duration.ofMinutes(2);
  private static final long DAMAGED_PAGE = 20_000;
  private static final int ANSWERS_SECONDS_MAX = 240;

  private static HostBox box;
  private static String address;
  private static String server;

  @BeforeAll
  static void boot() throws IOException {
    box = HostBox.start(LabOptions.defaults().services(List.of("agent tardigrade agent")));
    say(tardigrade("host preserve --size 512M"));
    in("until [ \"$(cat /sys/kernel/kexec_loaded)\" = 1 ]; do sleep 1; done");
    assertThat(in("tardigrade doctor || true")).contains("the next kernel is loaded");
    // What 'run' would find out first by trying, which takes a minute here and is tested elsewhere.
    in(
        """
        key="$(cat /proc/sys/kernel/random/boot_id) $(uname -r) $(qemu-system-x86_64 --version | head -n 1)"
        printf '{"key":"%s","choice":{"accelerator":"KVM","reason":"known"}}' "$key" \
          >/var/lib/tardigrade/cache/kvm.json
        """);
    CommandResult run =
        box.run(
            "tardigrade run --name kv --volume data:/data:64M --checkpoint-interval 1s"
                + " --detach -- redis-server --protected-mode no --dir /data --appendonly yes --appendfsync always",
            Duration.ofMinutes(5));
    // On a busy machine it takes longer than the command waits.
    assertThat(run.exitCode()).as(run.errorText()).isIn(0, 6);
    address =
        in(
            "sed -n 's/.*\"address\" *: *\"\\([0-9.]*\\)\".*/\\1/p'"
                + " /var/lib/tardigrade/guests/kv/spec.json");
    assertThat(redis("SET known before")).isEqualTo("OK");
    server = server();
    assertThat(server).startsWith("run_id:");
  }

  @AfterAll
  static void end() throws IOException {
    if (box != null) {
      say(logs());
      box.close();
    }
  }

  @Test
  @Order(1)
  void connectionGoesOnThroughAPlannedResetIntoAnotherKernel() throws Exception {
    String before = in("uname -r");
    String other = in("ls /lib/modules | grep -vxF \"$(uname -r)\"");
    assertThat(other).isNotEmpty().isNotEqualTo(before);

    reset("--kernel /boot/vmlinuz-%s --initrd /boot/initrd.img-%s".formatted(other, other));

    assertThat(in("uname -r")).isEqualTo(other);
  }

  @Test
  @Order(2)
  void connectionGoesOnThroughAPlannedResetIntoTheSameKernel() throws Exception {
    String before = in("uname -r");

    reset("");

    assertThat(in("uname -r")).isEqualTo(before);
  }

  private static void reset(String options) throws Exception {
    try (CountingClient client = new CountingClient(address, counted())) {
      client.await(20, ANSWERS_SECONDS_MAX);
      String kernel = bootId();

      box.runAndAwaitRestart(
          "tardigrade host reset --reason 'a test' " + options + " >/dev/console 2>&1",
          RESTART_MAX);

      client.await(20, ANSWERS_SECONDS_MAX);
      assertThat(bootId()).isNotEqualTo(kernel);
      say("planned reset: client waited %.1f s", client.longestSilenceSeconds());
    }
    assertGuestIsTheSame();
    assertThat(lastIncident()).contains("host-reset", "recovered", "a test");
    assertDiskIsWhole();
  }

  @Test
  @Order(3)
  void connectionGoesOnThroughAPanicWithNothingLostThatTheClientWasTold() throws Exception {
    try (CountingClient client = new CountingClient(address, counted())) {
      client.await(20, ANSWERS_SECONDS_MAX);
      String kernel = bootId();

      box.host().panic();

      client.await(20, ANSWERS_SECONDS_MAX);
      assertThat(bootId()).isNotEqualTo(kernel);
      say("panic: client waited %.1f s", client.longestSilenceSeconds());
    }
    assertGuestIsTheSame();
    assertThat(lastIncident()).contains("host-lost", "recovered");
    assertDiskIsWhole();
  }

  @Test
  @Order(4)
  void guestWhoseImageIsDamagedIsKeptAndSaysWhichPage() throws Exception {
    box.runAndAwaitRestart(
        """
        ram=$(ls /var/lib/tardigrade/preserved/images/kv/ram-*)
        head -c 64 /dev/urandom | dd of=$ram bs=1 seek=%d conv=notrunc 2>/dev/null
        echo c >/proc/sysrq-trigger
        """
            .formatted(DAMAGED_PAGE * 4096 + 128),
        RESTART_MAX);

    CommandResult resumed = box.run("tardigrade host resume --timeout 4m", Duration.ofMinutes(5));
    say(resumed.text() + resumed.errorText());
    assertThat(resumed.exitCode()).isEqualTo(1);
    assertThat(resumed.text()).contains("kept", "page " + DAMAGED_PAGE);
    assertThat(in("ls /var/lib/tardigrade/preserved/images/kv")).contains("ram-");

    say(tardigrade("start kv"));
    assertThat(redis("GET known")).isEqualTo("before");
    server = server();
  }

  @Test
  @Order(5)
  void guestRestartsFromItsDiskAfterAPowerCutWithNothingLostThatTheClientWasTold()
      throws Exception {
    long told;
    try (CountingClient client = new CountingClient(address, counted())) {
      client.await(20, ANSWERS_SECONDS_MAX);
      told = client.told();

      box.lab().powerCut(box.host());
      told = Math.max(told, client.told());
    }
    // redis syncs each command to its file before it answers.
    assertThat(redis("GET known")).isEqualTo("before");
    long counted = counted();
    say("power cut: told " + told + ", counted " + counted);
    assertThat(counted).isGreaterThanOrEqualTo(told);
    assertThat(server()).isNotEqualTo(server);
    assertThat(lastIncident()).contains("host-lost", "restarted");
    assertDiskIsWhole();
  }

  @Test
  @Order(9)
  void diskIsWhole() throws IOException {
    say(tardigrade("stop kv"));
    say(in("e2fsck -fn /var/lib/tardigrade/volumes/data.img"));
  }

  /**
   * As a host would find it that was lost now: what e2fsck does by itself at every boot makes it
   * whole. Nobody asks the guest anything meanwhile, so all that it wrote has got there.
   */
  private static void assertDiskIsWhole() throws IOException {
    say(
        in(
            """
            cp --sparse=always /var/lib/tardigrade/volumes/data.img /tmp/copy.img
            e2fsck -fp /tmp/copy.img || [ $? = 1 ]
            rm /tmp/copy.img
            """));
  }

  /** The very process that answered before, with a clock that is right. */
  private static void assertGuestIsTheSame() throws IOException {
    assertThat(server()).isEqualTo(server);
    assertThat(redis("GET known")).isEqualTo("before");
    double guest = Double.parseDouble(redis("TIME").replaceAll("\\s+", "."));
    double apart = Instant.now().toEpochMilli() / 1e3 - guest;
    say("guest's clock is %.1f s behind", apart);
    assertThat(apart).isBetween(-2.0, 5.0);
  }

  private static long counted() throws IOException {
    String value = redis("GET counter");
    return value.isEmpty() ? 0 : Long.parseLong(value);
  }

  private static String server() throws IOException {
    return redis("INFO server").lines().filter(l -> l.startsWith("run_id:")).findFirst().orElse("");
  }

  private static String redis(String command) throws IOException {
    return in(
        """
        for i in $(seq 300); do
          answer=$(timeout 10 redis-cli -h %s %s) && [ "${answer#LOADING}" = "$answer" ] &&
            echo "$answer" && exit 0
          sleep 1
        done
        exit 1
        """
            .formatted(address, command));
  }

  private static String bootId() throws IOException {
    return in("cat /proc/sys/kernel/random/boot_id");
  }

  private static String lastIncident() throws IOException {
    return in("cat \"$(ls -t /var/lib/tardigrade/incidents/*-kv-*.json | head -n 1)\"");
  }

  private static String in(String script) throws IOException {
    return box.run(script, Duration.ofMinutes(6)).orThrow().text();
  }

  private static String tardigrade(String arguments) throws IOException {
    CommandResult result = box.run("tardigrade " + arguments, Duration.ofMinutes(5));
    if (result.exitCode() != 0) {
      throw new IOException(arguments + ": " + result.errorText() + "\n" + logs());
    }
    return result.text() + result.errorText();
  }

  private static String logs() {
    try {
      return box.run(
              "tail -n 60 /var/lib/tardigrade/guests/*/guardian.log /var/log/agent.log"
                  + " /var/lib/tardigrade/agent.log /var/lib/tardigrade/incidents/*.json",
              SHORT)
          .text();
    } catch (IOException e) {
      return "no logs: " + e.getMessage();
    }
  }

  private static void say(String text, Object... values) {
    String said = values.length == 0 ? text : text.formatted(values);
    said.lines().forEach(line -> System.out.println("[box] " + line));
  }
}
