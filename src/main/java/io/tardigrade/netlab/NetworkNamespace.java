package io.tardigrade.netlab;

import io.tardigrade.linux.Command;
import io.tardigrade.linux.Errno;
import io.tardigrade.linux.Linux;
import io.tardigrade.linux.LinuxException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/** A network namespace with a name, and the processes that are in it. */
record NetworkNamespace(String name) {
  private static final Path NAMES = Path.of("/run/netns");
  private static final Path PROC = Path.of("/proc");
  private static final Duration TIMEOUT = Duration.ofSeconds(20);
  private static final long END_NANOS_MAX = TimeUnit.SECONDS.toNanos(20);
  private static final long POLL_MILLIS = 5;

  /** All whose names begin with {@code prefix}. */
  static List<NetworkNamespace> all(String prefix) throws IOException {
    if (!Files.isDirectory(NAMES)) {
      return List.of();
    }
    try (Stream<Path> files = Files.list(NAMES)) {
      return files
          .map(file -> file.getFileName().toString())
          .filter(name -> name.startsWith(prefix))
          .sorted()
          .map(NetworkNamespace::new)
          .toList();
    }
  }

  boolean exists() {
    return Files.exists(NAMES.resolve(name));
  }

  /** Makes it, with its loopback device up and without IPv6, which would only wake who sleeps. */
  void make() throws IOException {
    Command.run("ip", "netns", "add", name);
    Command.run(
        "ip",
        "netns",
        "exec",
        name,
        "sh",
        "-c",
        "for key in all default; do echo 1 >/proc/sys/net/ipv6/conf/$key/disable_ipv6; done;"
            + " ip link set dev lo up");
  }

  void ip(List<String> commands) throws IOException {
    batch(List.of("ip", "-n", name, "-batch", "-"), commands);
  }

  void tc(List<String> commands) throws IOException {
    if (!commands.isEmpty()) {
      batch(List.of("tc", "-n", name, "-batch", "-"), commands);
    }
  }

  private static void batch(List<String> words, List<String> commands) throws IOException {
    Command.run(words, String.join("\n", commands) + "\n", TIMEOUT);
  }

  void nft(String text) throws IOException {
    Command.run(List.of("ip", "netns", "exec", name, "nft", "-f", "-"), text, TIMEOUT);
  }

  /** The words that run a command in it. */
  List<String> inside(List<String> command) {
    List<String> words = new ArrayList<>(List.of("ip", "netns", "exec", name));
    words.addAll(command);
    return words;
  }

  /** Its processes. */
  List<Long> processes() throws IOException {
    Path file = NAMES.resolve(name);
    if (!Files.exists(file)) {
      return List.of();
    }
    Path here = Path.of("net:[" + Files.getAttribute(file, "unix:ino") + "]");
    List<Long> found = new ArrayList<>();
    try (Stream<Path> entries = Files.list(PROC)) {
      for (Path entry : entries.toList()) {
        String number = entry.getFileName().toString();
        if (Character.isDigit(number.charAt(0)) && namespaceOf(entry).equals(here)) {
          found.add(Long.parseLong(number));
        }
      }
    }
    return found;
  }

  private static Path namespaceOf(Path process) {
    try {
      return Files.readSymbolicLink(process.resolve("ns/net"));
    } catch (IOException e) {
      // It has ended; a process that has but was not waited for is in no namespace any more.
      return Path.of("");
    }
  }

  /** SIGKILL to all, until none is left: one may have started another meanwhile. */
  void killAll() throws IOException {
    long deadline = System.nanoTime() + END_NANOS_MAX;
    for (List<Long> left = processes(); !left.isEmpty(); left = processes()) {
      for (long pid : left) {
        signal(pid, Linux.SIGKILL);
      }
      if (System.nanoTime() - deadline > 0) {
        throw new IOException("processes " + left + " of " + name + " do not end, though killed");
      }
      sleep();
    }
  }

  /** Stops all; returns when every one stands, those too that were just being started. */
  void stopAll() throws IOException {
    long deadline = System.nanoTime() + END_NANOS_MAX;
    Set<Long> running = new HashSet<>(processes());
    while (!running.isEmpty()) {
      for (long pid : running) {
        signal(pid, Linux.SIGSTOP);
      }
      if (System.nanoTime() - deadline > 0) {
        throw new IOException("processes " + running + " of " + name + " do not stop");
      }
      running = new HashSet<>(processes());
      running.removeIf(NetworkNamespace::stands);
    }
  }

  void continueAll() throws IOException {
    for (long pid : processes()) {
      signal(pid, Linux.SIGCONT);
    }
  }

  private static boolean stands(long pid) {
    try {
      String stat = Files.readString(PROC.resolve(pid + "/stat"));
      char state = stat.charAt(stat.lastIndexOf(')') + 2);
      return state == 'T' || state == 't' || state == 'Z' || state == 'X';
    } catch (IOException e) {
      return true;
    }
  }

  private static void signal(long pid, int signal) throws IOException {
    try {
      Linux.kill(pid, signal);
    } catch (LinuxException e) {
      if (e.errno() != Errno.ESRCH) {
        throw e;
      }
    }
  }

  /** Ends it with all in it: processes, devices, connections. */
  void destroy() throws IOException {
    if (exists()) {
      killAll();
      Command.run("ip", "netns", "delete", name);
    }
  }

  static void sleep() throws IOException {
    try {
      Thread.sleep(POLL_MILLIS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted while waiting for a lab host", e);
    }
  }
}
