package io.tardigrade.box;

import static org.assertj.core.api.Assertions.assertThat;

import io.tardigrade.guest.GuestStatus;
import io.tardigrade.guest.Json;
import io.tardigrade.lab.CommandResult;
import java.io.IOException;
import java.time.Duration;
import java.util.Collections;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * The product on a host with KVM and a kernel without asynchronous write protection: what users run
 * there, killed beneath a client. The first test starts the agent and the choice of KVM is kept, so
 * that the order saves a minute; neither needs the other.
 *
 * <p>All is twenty times slower in the emulated host than on a real one, hence the longer interval
 * and hang timeout: a checkpoint there takes as long as one of a hundred in the interval's default.
 */
@Tag("box")
class GuestUnderKvmTest {
  private static final String TARDIGRADE = "tardigrade ";
  private static final String TRIAL =
      "java -XX:+UseSerialGC -XX:TieredStopAtLevel=1 --enable-native-access=ALL-UNNAMED"
          + " io.tardigrade.box.KillTrial ";

  private static HostBox box;

  @BeforeAll
  static void boot() throws IOException {
    box = HostBox.start(HostBox.OPTIONS);
  }

  @AfterAll
  static void end() throws IOException {
    box.close();
  }

  @Test
  void guestUnderKvmOutlivesHypervisorsAndAGuardian() throws IOException {
    outlives("hypervisor hypervisor! guardian hypervisor", 3);
  }

  @Test
  @Tag("long")
  void guestUnderKvmOutlivesFiveHypervisorsAndAGuardian() throws IOException {
    outlives("hypervisor hypervisor hypervisor! hypervisor! guardian hypervisor", 5);
  }

  private static void outlives(String losses, int hypervisors) throws IOException {
    start("kv", "");
    box.run("rm -f /var/lib/tardigrade/incidents/*", Duration.ofSeconds(30)).orThrow();

    List<String> said = trial("kv " + losses);

    assertThat(said).filteredOn(line -> line.startsWith("killed hypervisor")).hasSize(hypervisors);
    assertThat(said).filteredOn(line -> line.startsWith("killed guardian")).hasSize(1);
    GuestStatus shown = awaitRecovered("kv", hypervisors + 1);
    assertThat(shown.accelerator()).isEqualTo("kvm");
    assertThat(shown.protection().engine()).isEqualTo("soft-dirty");
    assertThat(shown.protection().committedEpoch()).isPositive();
    assertThat(shown.recoveries().count()).isEqualTo(hypervisors + 1);
    assertThat(causes("kv"))
        .containsExactlyElementsOf(
            Stream.concat(
                    Stream.of("guardian-died"),
                    Collections.nCopies(hypervisors, "hypervisor-died").stream())
                .toList());
    tardigrade("delete -y kv");
  }

  /** /dev/kvm is there and opens, but the guest tried out in it ends at once. */
  @Test
  void kvmThatRunsNoGuestIsNotChosenAndDoctorSaysSo() throws IOException {
    String broken =
        """
        mkdir -p /tmp/broken/state/cache && cd /tmp/broken
        ln -s /opt/tardigrade/kernel state/cache/kernel
        printf '#!/bin/sh\ncase "$*" in *"-accel kvm"*) exit 1;; esac\nexec %s "$@"\n' \
          "$(command -v qemu-system-x86_64)" >qemu-system-x86_64
        chmod +x qemu-system-x86_64
        """;
    box.run(broken, Duration.ofSeconds(30)).orThrow();

    CommandResult doctor =
        box.run(
            "PATH=/tmp/broken:$PATH TARDIGRADE_STATE=/tmp/broken/state " + TARDIGRADE + "doctor",
            Duration.ofMinutes(4));

    assertThat(doctor.text())
        .as(doctor.errorText())
        .contains("emulation: a guest in KVM ends at once");
  }

  /** Code 6 says that the guest is still being started, which the trial waits for as well. */
  private static void start(String name, String options) throws IOException {
    CommandResult result =
        box.run(
            "%s run --name %s --detach --checkpoint-interval 2s --hang-timeout 1m %s -- %s"
                .formatted(TARDIGRADE, name, options, "redis-server --protected-mode no"),
            Duration.ofMinutes(8));
    assertThat(result.exitCode()).as(() -> result.errorText() + logs()).isIn(0, 6);
  }

  private static List<String> trial(String arguments) throws IOException {
    CommandResult result = box.run(TRIAL + arguments, Duration.ofMinutes(12));
    assertThat(result.exitCode())
        .as(() -> result.text() + "\n" + result.errorText() + "\n" + logs())
        .isZero();
    List<String> said = result.text().lines().toList();
    assertThat(said.get(said.size() - 2)).endsWith("on one connection, same server");
    said.forEach(line -> System.out.println("[box] " + line));
    return said;
  }

  /** The client may be served before the guest's last recovery is written down. */
  private static GuestStatus awaitRecovered(String name, long recoveries) throws IOException {
    long deadline = System.nanoTime() + Duration.ofMinutes(3).toNanos();
    GuestStatus shown = show(name);
    while ((shown.state() != GuestStatus.State.RUNNING || shown.recoveries().count() < recoveries)
        && System.nanoTime() < deadline) {
      shown = show(name);
    }
    assertThat(shown.state()).as("%s\n%s", shown, logs()).isEqualTo(GuestStatus.State.RUNNING);
    return shown;
  }

  private static GuestStatus show(String name) throws IOException {
    return Json.parse("show", tardigrade("show " + name + " -o json"), GuestStatus.class);
  }

  private static String tardigrade(String arguments) throws IOException {
    return box.run(TARDIGRADE + arguments, Duration.ofMinutes(4)).orThrow().text();
  }

  /** Causes of the guest's incidents, sorted. */
  private static List<String> causes(String name) throws IOException {
    String script =
        "cat /var/lib/tardigrade/incidents/*-%s-*.json | sed -n 's/.*\"cause\" *: *\"\\([a-z-]*\\)\".*/\\1/p'"
            .formatted(name);
    return box.run(script, Duration.ofSeconds(30)).orThrow().text().lines().sorted().toList();
  }

  private static String logs() {
    try {
      return box.run(
              "tail -n 30 /var/lib/tardigrade/guests/*/guardian.log /var/lib/tardigrade/agent.log"
                  + " /var/lib/tardigrade/incidents/*.json",
              Duration.ofSeconds(30))
          .text();
    } catch (IOException e) {
      return "no logs: " + e.getMessage();
    }
  }
}
