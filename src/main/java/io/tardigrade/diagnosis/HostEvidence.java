package io.tardigrade.diagnosis;

import io.tardigrade.guest.HostPaths;
import io.tardigrade.linux.Command;
import io.tardigrade.monitor.ServiceSample;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;

/**
 * What there is to know of a host and of our services on it, and where it is read. Guests' memory,
 * their consoles and specifications are left out: evidence is sent to others.
 */
public final class HostEvidence {
  private static final Duration JOURNAL_MAX = Duration.ofSeconds(4);
  private static final int PSTORE_MAX = 32;

  /** Files of /proc, and what they tell. */
  private static final Map<String, String> KERNEL =
      new TreeMap<>(
          Map.ofEntries(
              Map.entry("meminfo", "memory of the host"),
              Map.entry("slabinfo", "the kernel's own memory by kind"),
              Map.entry("vmallocinfo", "large allocations of the kernel, with who made them"),
              Map.entry("buddyinfo", "free memory by size"),
              Map.entry("zoneinfo", "memory by zone"),
              Map.entry("vmstat", "counters of the memory management"),
              Map.entry("pressure/cpu", "waiting for processors"),
              Map.entry("pressure/memory", "waiting for memory"),
              Map.entry("pressure/io", "waiting for disks"),
              Map.entry("loadavg", "load"),
              Map.entry("uptime", "time since boot"),
              Map.entry("version", "the kernel"),
              Map.entry("cmdline", "the kernel's command line"),
              Map.entry("modules", "loaded modules"),
              Map.entry("mounts", "mounted file systems"),
              Map.entry("diskstats", "counters of the disks"),
              Map.entry("interrupts", "interrupts by processor"),
              Map.entry("sys/kernel/tainted", "what has befallen the kernel"),
              Map.entry("sys/fs/file-nr", "open files")));

  private static final Map<String, String> PROCESS =
      new TreeMap<>(
          Map.ofEntries(
              Map.entry("status", "state and memory"),
              Map.entry("smaps_rollup", "memory by kind"),
              Map.entry("limits", "limits"),
              Map.entry("cgroup", "control groups"),
              Map.entry("io", "bytes read and written"),
              Map.entry("maps", "mapped files")));

  private final Path root;
  private final HostPaths paths;
  private final List<ServiceSample> services;
  private final Map<String, Source.Reading> states;

  /**
   * The evidence on this host.
   *
   * @param root below which proc, sys and dev lie
   * @param services as they were last seen
   * @param states what is known in this process or asked of others, by the name of its file
   */
  private HostEvidence(
      Path root,
      HostPaths paths,
      List<ServiceSample> services,
      Map<String, Source.Reading> states) {
    this.root = root;
    this.paths = paths;
    this.services = List.copyOf(services);
    this.states = new TreeMap<>(states);
  }

  /** Something that tells its state as text. */
  public interface State {
    /** The text, read when it is wanted. */
    String read() throws IOException;
  }

  /**
   * The evidence on this host.
   *
   * @param root below which proc, sys and dev lie: {@code /}
   * @param services as they were last seen
   * @param states what others tell, by the name of its file
   */
  public static HostEvidence of(
      Path root, HostPaths paths, List<ServiceSample> services, Map<String, State> states) {
    Map<String, Source.Reading> readings = new TreeMap<>();
    states.forEach(
        (name, state) -> readings.put(name, _ -> state.read().getBytes(StandardCharsets.UTF_8)));
    return new HostEvidence(root, paths, services, readings);
  }

  /** In the order of worth: what comes first is kept where time or room run out. */
  List<Source> sources() {
    List<Source> sources = new ArrayList<>();
    KernelEvidence kernel = new KernelEvidence(root);
    sources.add(
        new Source("kernel/blocked.txt", "tasks that wait in the kernel", kernel::blockedTasks));
    sources.add(
        new Source(
            "kernel/log.txt",
            "the kernel's log, blocked tasks on all processors last",
            kernel::log));
    KERNEL.forEach((name, about) -> sources.add(file("kernel/" + flat(name), about, proc(name))));
    states.forEach((name, reading) -> sources.add(new Source(name, "state", reading)));
    services.forEach(service -> addService(sources, service));
    addLogs(sources);
    sources.add(new Source("kernel/processes.txt", "all processes", kernel::processes));
    addPstore(sources);
    sources.add(new Source("journal.txt", "the journals of the units", this::journal));
    return sources;
  }

  private Path proc(String name) {
    return root.resolve("proc").resolve(name);
  }

  private static String flat(String name) {
    return name.replace('/', '-');
  }

  private static Source file(String name, String about, Path from) {
    return new Source(name, about, bytesMax -> KernelEvidence.read(from, bytesMax));
  }

  private void addService(List<Source> sources, ServiceSample service) {
    if (service.pid() <= 0) {
      return;
    }
    String what = service.id().text();
    String folder = "services/" + what.replace(' ', '-').toLowerCase(Locale.ROOT) + "/";
    Path process = proc(Long.toString(service.pid()));
    PROCESS.forEach((name, about) ->
        sources.add(file(folder + name, what + ": " + about, process.resolve(name))));
    sources.add(
        new Source(
            folder + "stacks",
            what + ": where its threads are in the kernel",
            bytesMax -> KernelEvidence.stacks(process, false, bytesMax)));
  }

  private void addLogs(List<Source> sources) {
    sources.add(tail("logs/agent.log", "the agent's log", paths.state().resolve("agent.log")));
    sources.add(tail("logs/events.jsonl", "what happened on this host", paths.events()));
    services.stream()
        .map(service -> service.id().guest())
        .filter(guest -> !guest.isEmpty())
        .distinct()
        .forEach(guest ->
            sources.add(
                tail(
                    "logs/guardian-" + guest + ".log",
                    "the log of the guardian of " + guest,
                    paths.guest(guest).resolve("guardian.log"))));
  }

  private static Source tail(String name, String about, Path from) {
    return new Source(name, about, bytesMax -> KernelEvidence.tail(from, bytesMax));
  }

  /** What the firmware kept of the kernel before this one. */
  private void addPstore(List<Source> sources) {
    Path folder = root.resolve("sys/fs/pstore");
    if (!Files.isDirectory(folder)) {
      return;
    }
    try (DirectoryStream<Path> records = Files.newDirectoryStream(folder)) {
      int number = 0;
      for (Path record : records) {
        if (++number <= PSTORE_MAX) {
          sources.add(
              file(
                  "pstore/record-" + number,
                  "kept of an earlier kernel: " + record.getFileName(),
                  record));
        }
      }
    } catch (IOException e) {
      sources.add(
          new Source(
              "pstore/record-1",
              "kept of an earlier kernel",
              _ -> {
                throw e;
              }));
    }
  }

  private byte[] journal(int bytesMax) throws IOException {
    if (!Files.exists(root.resolve("run/systemd/journal/socket"))) {
      throw new IOException("no journal is kept on this host");
    }
    String text =
        Command.run(
            List.of(
                "journalctl",
                "--no-pager",
                "--quiet",
                "--boot",
                "--lines=5000",
                "--output=short-precise",
                "--unit=tardigrade*",
                "--unit=systemd-*",
                "--unit=init.scope"),
            "",
            JOURNAL_MAX);
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    return bytes.length <= bytesMax ? bytes : java.util.Arrays.copyOf(bytes, bytesMax + 1);
  }

  /** Cores of the last day. */
  List<Path> cores() {
    return Cores.recent(root, System.currentTimeMillis());
  }
}
