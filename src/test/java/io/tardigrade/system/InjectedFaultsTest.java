package io.tardigrade.system;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import io.tardigrade.care.PrometheusText;
import io.tardigrade.diagnosis.ArchiveIndex;
import io.tardigrade.diagnosis.ArchiveReader;
import io.tardigrade.guest.GuestStatus;
import io.tardigrade.incident.Event;
import io.tardigrade.incident.Incident;
import io.tardigrade.linux.Command;
import io.tardigrade.linux.Linux;
import io.tardigrade.process.AgentLauncher;
import io.tardigrade.process.UnixHttp;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestMethodOrder;

/**
 * Faults of a real kernel beneath a real agent, brought about by what the kernel offers for that,
 * each leading to the right rung of the ladder; and a busy host with nothing wrong, on which
 * nothing is done. What others have done to this machine is told apart by its time or its name.
 */
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
final class InjectedFaultsTest extends SystemTest {
  private static final long BUSY_SECONDS = 25;

  private Guest guest() throws Exception {
    Guest guest = host().run("kv", "--", Probe.program().toString());
    guest.awaitProtected();
    return guest;
  }

  private Map<String, Double> scrape() throws IOException {
    try (UnixHttp http = UnixHttp.connect(AgentLauncher.socket(host().paths()))) {
      UnixHttp.Answer answer = http.ask("GET", "/metrics", null, "text/plain", 20_000);
      String text = http.body();
      assertThat(answer.status()).as(text).isEqualTo(200);
      return PrometheusText.parse(text);
    }
  }

  private Incident awaitHostIncident(String what, Predicate<Incident> wanted) {
    return Guest.await(what)
        .until(
            () ->
                host().incidents().list().stream()
                    .filter(i -> i.guest().equals("host"))
                    .filter(wanted)
                    .findFirst(),
            java.util.Optional::isPresent)
        .orElseThrow();
  }

  private List<Event> events() throws IOException {
    return host().events().read();
  }

  private static boolean tells(Incident incident, String kind, String text) {
    return incident.timeline().stream()
        .anyMatch(s -> s.kind().equals(kind) && s.text().contains(text));
  }

  /** Processors, memory and disk are all kept busy, and a guest serves meanwhile. */
  @Test
  @Order(1)
  void busyHostIsLeftAlone() throws Exception {
    Guest guest = guest();
    // What the kernel's log holds of the past has been judged by then.
    Thread.sleep(3000);
    Map<String, Double> before = scrape();
    int eventsBefore = events().size();
    List<Process> load = new ArrayList<>();
    Path scratch = host().folder("scratch");
    try (CountingClient client = guest.countWithProbe()) {
      for (String work :
          List.of(
              "while :; do :; done",
              "while :; do :; done",
              "while :; do dd if=/dev/zero of=" + scratch + "/a bs=1M count=100 conv=fsync; done",
              "while :; do head -c 300M /dev/zero | tail -c 300M > /dev/null; done")) {
        load.add(
            new ProcessBuilder("setsid", "nice", "sh", "-c", work)
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                .start());
      }
      long until = System.nanoTime() + TimeUnit.SECONDS.toNanos(BUSY_SECONDS);
      while (System.nanoTime() - until < 0) {
        client.await(5);
      }
    } finally {
      for (Process process : load) {
        process.descendants().forEach(ProcessHandle::destroyForcibly);
        process.destroyForcibly();
      }
    }
    Map<String, Double> after = scrape();
    double looks = after.get("tardigrade_looks_total{}") - before.get("tardigrade_looks_total{}");
    double seconds =
        after.get("tardigrade_monitor_seconds_total{}")
            - before.get("tardigrade_monitor_seconds_total{}");
    System.out.printf(
        "InjectedFaultsTest: %.0f looks in %d s of load cost %.1f ms, %.2f %% of a core%n",
        looks, BUSY_SECONDS, seconds * 1000, seconds / BUSY_SECONDS * 100);
    assertThat(looks).isGreaterThan(BUSY_SECONDS / 2.0);
    for (String step : List.of("recycle", "diagnose", "reset", "advise")) {
      String key = "tardigrade_decisions_total{step=" + step + "}";
      assertThat(after.get(key)).as(key).isEqualTo(before.get(key));
    }
    assertThat(events()).hasSize(eventsBefore);
    assertThat(guest.show().recoveries().count()).isZero();
    assertThat(after)
        .containsEntry("tardigrade_guest_state{guest=kv}", 2.0)
        .containsEntry("tardigrade_service_state{guest=kv, service=guardian}", 0.0)
        .containsEntry("tardigrade_service_state{guest=kv, service=hypervisor}", 0.0);
  }

  @Test
  @Order(2)
  void guardianThatIsKilledOrHangsIsRecycledAndItsIncidentSaysWhy() throws Exception {
    Guest guest = guest();
    for (int i = 0; i < 6; i++) {
      GuestStatus before = guest.awaitProtected();
      long pid = guest.pid(Guest.Victim.GUARDIAN);
      boolean hangs = i == 5;
      if (hangs) {
        // Until it has answered the agent once, it is given the time that a start may take.
        awaitAnswerToTheAgent();
      }
      Linux.kill(pid, hangs ? Linux.SIGSTOP : Linux.SIGKILL);
      guest.awaitProtectedAfter(Guest.Victim.GUARDIAN, pid);
      Incident incident = guest.awaitIncident(i, x -> !x.cause().equals("unreadable"));
      assertThat(incident.cause()).isEqualTo(hangs ? "guardian-hung" : "guardian-died");
      assertThat(incident.blackoutSeconds())
          .as("guardian %d, epoch %d", i, before.protection().committedEpoch())
          .isLessThan(14);
      assertThat(tells(incident, "decided", "recycle the guardian of kv, because the guardian"))
          .as("%s", incident.timeline())
          .isTrue();
      assertThat(tells(incident, "felt", "stood still")).isTrue();
    }
    assertThat(scrape().get("tardigrade_decisions_total{step=recycle}")).isEqualTo(6);
    assertThat(guest.events("recycled")).hasSize(6);
  }

  /** The agent knows the hypervisor of a guardian that has answered it, and no other. */
  private void awaitAnswerToTheAgent() {
    Guest.await("an answer of the guardian to the agent")
        .until(
            () -> scrape().containsKey("tardigrade_service_state{guest=kv, service=hypervisor}"));
  }

  @Test
  @Order(3)
  void underMaintenanceALostGuardianIsToldAndReplacedAfterwards() throws Exception {
    Guest guest = guest();
    assertThat(host().must("maintenance", "on", "--reason", "new disks").out())
        .contains("on since", "new disks");
    long pid = guest.kill(Guest.Victim.GUARDIAN);
    Guest.await("advice")
        .until(() -> events().stream().anyMatch(e -> e.message().contains("or end maintenance")));
    assertThat(guest.ask()).isEmpty();
    assertThat(host().must("maintenance", "off").out()).contains("maintenance    off");
    guest.awaitProtectedAfter(Guest.Victim.GUARDIAN, pid);
    guest.delete();
  }

  /** ext4 counts, and logs, an error that it is told to find. */
  @Test
  @Order(4)
  void fileSystemThatFindsItselfDamagedIsDiagnosed() throws Exception {
    Path image = host().folder("disk").resolve("fs.img");
    try (RandomAccessFile file = new RandomAccessFile(image.toFile(), "rw")) {
      file.setLength(16 << 20);
    }
    Command.run("mkfs.ext4", "-q", image.toString());
    String device = Command.run("losetup", "--find", "--show", image.toString()).strip();
    Path mounted = host().folder("mounted");
    String name = Path.of(device).getFileName().toString();
    // An error that the log holds already is diagnosed when the agent begins to look, and the same
    // cause not again for hours.
    boolean fresh = !Command.run("dmesg").contains("EXT4-fs error");
    Guest guest = guest();
    try {
      Command.run("mount", "-o", "errors=continue", device, mounted.toString());
      Path trigger = Path.of("/sys/fs/ext4", name, "trigger_fs_error");
      assumeThat(trigger).exists();
      Files.writeString(trigger, "injected by a test");
      Incident incident =
          awaitHostIncident(
              "diagnosis of " + name,
              i ->
                  tells(i, "seen", name)
                      && tells(i, "done", "evidence is kept")
                      && tells(i, "decided", "advise: check the disk"));
      assertThat(tells(incident, "decided", "diagnose: file-system-error, because")).isTrue();
      assertThat(incident.timeline()).noneMatch(s -> s.text().startsWith("reset the operating"));
      Path archive = host().incidents().archive(incident.id());
      ArchiveIndex index = ArchiveReader.verify(archive);
      System.out.println(
          "InjectedFaultsTest: archive of "
              + Files.size(archive)
              + " bytes, "
              + index.entries().size()
              + " files, missing "
              + index.missing());
      assertThat(index.entries())
          .extracting(ArchiveIndex.Entry::name)
          .contains(
              "kernel/log.txt", "kernel/blocked.txt", "services/agent/status", "state/guests.json");
      if (fresh) {
        assertThat(index.entries())
            .extracting(ArchiveIndex.Entry::name)
            .contains(
                "services/guardian-of-kv/stacks",
                "services/guardian-of-kv/smaps_rollup",
                "logs/guardian-kv.log");
      }
      String log = Command.run("tar", "-xzOf", archive.toString(), "kernel/log.txt");
      assertThat(log).contains("EXT4-fs error (device " + name + ")");
      String shown = host().must("incident", "show", incident.id()).out();
      assertThat(shown).contains("diagnosis archive: " + archive, "decided", "done", "felt");
      assertThat(guest.show().recoveries().count()).isZero();
      assertThat(events()).noneMatch(e -> e.type().equals("reset"));
    } finally {
      Command.attempt("umount", mounted.toString());
      Command.run("losetup", "--detach", device);
    }
  }

  /**
   * A process that outgrows its control group is killed by the kernel, and nothing else is done.
   */
  @Test
  @Order(5)
  void processKilledForItsMemoryIsAdvisedUpon() throws Exception {
    Path group = Path.of("/sys/fs/cgroup/memory/tardigrade-test-" + ProcessHandle.current().pid());
    assumeThat(group.getParent().resolve("memory.limit_in_bytes")).exists();
    Guest guest = guest();
    double before = scrape().get("tardigrade_decisions_total{step=recycle}");
    Files.createDirectory(group);
    try {
      Files.writeString(group.resolve("memory.limit_in_bytes"), "16M");
      Process leak =
          new ProcessBuilder(
                  "sh",
                  "-c",
                  "echo $$ > " + group + "/cgroup.procs; head -c 200M /dev/zero | tail -c 100M")
              .redirectErrorStream(true)
              .redirectOutput(ProcessBuilder.Redirect.DISCARD)
              .start();
      assertThat(leak.waitFor(60, TimeUnit.SECONDS)).isTrue();
      assertThat(leak.exitValue()).as("killed").isEqualTo(137);
      Incident incident =
          awaitHostIncident(
              "advice on a process that was killed",
              i ->
                  tells(i, "seen", "tail")
                      && (tells(i, "decided", "advise: give this host less to do")
                          || tells(i, "decided", "besides, out-of-memory")));
      assertThat(incident.timeline()).noneMatch(s -> s.text().startsWith("reset the operating"));
      assertThat(scrape().get("tardigrade_decisions_total{step=recycle}")).isEqualTo(before);
      assertThat(guest.show().recoveries().count()).isZero();
    } finally {
      Files.delete(group);
    }
  }

  @Test
  @Order(6)
  void memoryOfTheServicesIsAFigure() throws Exception {
    Guest guest = guest();
    Guest.await("memory of the services")
        .until(() ->
            scrape()
                .keySet()
                .containsAll(
                    List.of(
                        "tardigrade_service_memory_bytes{guest=, service=agent}",
                        "tardigrade_service_memory_bytes{guest=kv, service=guardian}")));
    Map<String, Double> figures = scrape();
    assertThat(figures.get("tardigrade_service_memory_bytes{guest=, service=agent}"))
        .isBetween(1e6, 5e8);
    assertThat(figures.get("tardigrade_service_memory_bytes{guest=kv, service=guardian}"))
        .isBetween(1e6, 5e8);
    guest.delete();
  }
}
