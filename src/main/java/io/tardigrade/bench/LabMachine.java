package io.tardigrade.bench;

import io.tardigrade.guest.Json;
import io.tardigrade.incident.Incident;
import io.tardigrade.lab.CommandResult;
import io.tardigrade.lab.Lab;
import io.tardigrade.lab.LabHost;
import io.tardigrade.lab.LabOptions;
import java.io.Closeable;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import tools.jackson.databind.JsonNode;

/**
 * The lab host of a benchmark, with the program's agent as a service and the worker in it; gone
 * when it is closed, also on Ctrl-C. What is done in it is done by commands that a user has.
 */
final class LabMachine implements Closeable {
  private static final Duration COMMAND_MAX = Duration.ofMinutes(8);
  private static final Duration RESTART_MAX = Duration.ofMinutes(15);
  private static final long READY_NANOS_MAX = TimeUnit.MINUTES.toNanos(20);
  private static final long POLL_MILLIS = 2000;
  private static final long ASK_MILLIS = 10_000;
  private static final String WORKER = "bench-worker";

  /**
   * What an emulated host of one processor needs to hold many guests: a checkpoint for the sake of
   * a sign of life costs some 0.2 s there, a look at all of a guest's memory many seconds.
   */
  private static final String SLOW_HOST = "--hang-timeout 5m --scrub-rate 256K";

  /** Small guests are to hold it. */
  private static final int WORKER_PAGES = 256;

  /** {@code run}: the guest is being started still, as is usual in an emulated host. */
  private static final int TIMED_OUT = 6;

  private final Lab lab;
  private final LabHost host;
  private final Consumer<String> progress;
  private final Thread onInterrupt;
  private String bootBefore = "";

  private LabMachine(Lab lab, LabHost host, Consumer<String> progress, Thread onInterrupt) {
    this.lab = lab;
    this.host = host;
    this.progress = progress;
    this.onInterrupt = onInterrupt;
  }

  /** Boots one with room for the guests of these options. */
  static LabMachine boot(Lab lab, ResetOptions options, Path worker, Consumer<String> progress)
      throws IOException {
    String name = "bench-%04x".formatted(ProcessHandle.current().pid() & 0xffff);
    Thread onInterrupt = new Thread(() -> down(lab, name, progress), "bench-lab-cleanup");
    Runtime.getRuntime().addShutdownHook(onInterrupt);
    LabHost host =
        lab.up(
            name,
            LabOptions.defaults()
                .memory(options.hostBytes(), options.preserveBytes())
                .services(List.of("agent tardigrade agent"))
                .plusFiles(Map.of(WORKER, worker)));
    LabMachine machine = new LabMachine(lab, host, progress, onInterrupt);
    String _ = machine.tardigrade("host preserve --size " + (options.preserveBytes() >> 20) + "M");
    return machine;
  }

  private static void down(Lab lab, String name, Consumer<String> progress) {
    try {
      lab.down(name);
    } catch (IOException e) {
      progress.accept("lab host " + name + " may be left: " + e.getMessage());
    }
  }

  private String tardigrade(String words) throws IOException {
    return host.script("tardigrade " + words, COMMAND_MAX).orThrow().text();
  }

  /** Starts a guest; returns its address. */
  String start(String name, long memoryBytes) throws IOException {
    progress.accept("lab: starting guest " + name);
    CommandResult run =
        host.script(
            "tardigrade run --name %s --memory %dM --checkpoint-interval 1s %s --detach -- /opt/tardigrade/%s %d"
                .formatted(name, memoryBytes >> 20, SLOW_HOST, WORKER, WORKER_PAGES),
            COMMAND_MAX);
    if (run.exitCode() != 0 && run.exitCode() != TIMED_OUT) {
      var _ = run.orThrow();
    }
    String spec =
        host.script("cat /var/lib/tardigrade/guests/" + name + "/spec.json", COMMAND_MAX)
            .orThrow()
            .text();
    return Json.parse("a guest's specification", spec, JsonNode.class).path("address").asString("");
  }

  void delete(List<String> names) throws IOException {
    for (String name : names) {
      progress.accept("lab: deleting guest " + name);
      String _ = tardigrade("delete -y " + name);
    }
  }

  /** Waits until a reset would resume this many guests, and lose none. */
  void awaitResettable(int guests) throws IOException, InterruptedException {
    long deadline = System.nanoTime() + READY_NANOS_MAX;
    String told = "";
    while (System.nanoTime() - deadline < 0) {
      told = tardigrade("host reset --dry-run -o json");
      int resumed = 0;
      int others = 0;
      for (JsonNode fate : Json.parse("what 'host reset' says", told, JsonNode.class)) {
        boolean resumes = fate.path("fate").asString("").equals("resume");
        resumed += resumes ? 1 : 0;
        others += resumes ? 0 : 1;
      }
      if (resumed == guests && others == 0) {
        return;
      }
      // Asking takes seconds of the only processor that the guests have.
      Thread.sleep(ASK_MILLIS);
    }
    throw new IOException("the lab host's guests cannot be resumed: " + told);
  }

  /** Resets the host beneath its guests; returns when the next system serves commands. */
  void reset() throws IOException {
    bootBefore =
        host.script("cat /proc/sys/kernel/random/boot_id", COMMAND_MAX).orThrow().text().strip();
    host.scriptAndAwaitRestart(
        // Refused, with all guests running, while a guardian does not answer in time: all are busy.
        "until tardigrade host reset --reason benchmark >/dev/console 2>&1; do sleep 5; done",
        RESTART_MAX);
  }

  /** Cuts the power, and boots; returns when the system serves commands. */
  void reboot() throws IOException {
    lab.powerCut(host);
  }

  /**
   * What was written down of the reset before this boot.
   *
   * @param guests that are to tell of it, each by an incident
   */
  List<Incident> incidents(List<String> guests) throws IOException, InterruptedException {
    long deadline = System.nanoTime() + READY_NANOS_MAX;
    while (System.nanoTime() - deadline < 0) {
      List<Incident> found = ofThisBoot();
      // Where the time went is added once it is known.
      Optional<Incident> host =
          newest(found, "host", "operator-reset")
              .filter(told -> told.evidence().contains("the boot that was ended: " + bootBefore));
      boolean all =
          host.isPresent()
              && guests.stream().allMatch(name -> newest(found, name, "host-reset").isPresent());
      if (all) {
        List<Incident> asked = new ArrayList<>();
        asked.add(host.get());
        guests.forEach(name -> asked.add(newest(found, name, "host-reset").orElseThrow()));
        return asked;
      }
      Thread.sleep(POLL_MILLIS);
    }
    throw new IOException("the lab host wrote nothing down of its reset");
  }

  private static Optional<Incident> newest(List<Incident> all, String guest, String cause) {
    return all.stream()
        .filter(incident -> incident.guest().equals(guest) && incident.cause().equals(cause))
        .max((a, b) -> a.at().compareTo(b.at()));
  }

  /** Those written since the kernel runs that runs now. */
  private List<Incident> ofThisBoot() throws IOException {
    String lines =
        host.script(
                """
                boot=$(($(date +%s) - $(cut -d. -f1 /proc/uptime)))
                for file in /var/lib/tardigrade/incidents/*.json; do
                  [ ! -e "$file" ] || [ "$(stat -c %Y "$file")" -lt "$boot" ] || {
                    cat "$file"; printf '\\036'; }
                done
                """,
                COMMAND_MAX)
            .orThrow()
            .text();
    List<Incident> incidents = new ArrayList<>();
    for (String text : lines.split("\u001e", -1)) {
      if (!text.isBlank()) {
        incidents.add(Json.parse("an incident", text, Incident.class));
      }
    }
    return incidents;
  }

  @Override
  public void close() {
    down(lab, host.spec().name(), progress);
    try {
      Runtime.getRuntime().removeShutdownHook(onInterrupt);
    } catch (IllegalStateException e) {
      // Interrupted: the hook does the same.
    }
  }
}
