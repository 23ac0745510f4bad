package io.tardigrade.netlab;

import io.tardigrade.guest.HostPaths;
import io.tardigrade.launch.RefusedException;
import io.tardigrade.linux.Command;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * A host that is a network namespace: its processes, addresses, devices and connections are its
 * own, as are its folders; kernel, processors and memory are this machine's. Any thread and any
 * process may call.
 */
public final class NamespaceHost {
  private final HostFolders folders;
  private final Names names;
  private final LabState state;
  private final String name;

  NamespaceHost(HostFolders folders, Names names, LabState state, String name) {
    this.folders = folders;
    this.names = names;
    this.state = state;
    this.name = name;
  }

  /** What it is called, h1 and so on. */
  public String name() {
    return name;
  }

  /** Its address in the cluster's network. */
  public String address() {
    return WireRules.address(state, LabState.number(name));
  }

  /** The guests' network, which all hosts of the lab share. */
  public String guestNetwork() {
    return state.guestNetwork();
  }

  /** When it was made. */
  public Instant createdAt() {
    return state.createdAt();
  }

  /** {@code ON}, {@code OFF} or {@code PAUSED}. */
  public String power() {
    return state.isOff(name) ? "OFF" : state.isPaused(name) ? "PAUSED" : "ON";
  }

  /** Variables that tell a program where this host's installation is. */
  public Map<String, String> environment() {
    return folders.environment(name);
  }

  /** Where the installation in it has its files. */
  public HostPaths paths() {
    return folders.of(name);
  }

  /** The words that run a command in its network, with nothing else of its. */
  public List<String> inside(List<String> command) {
    return namespace().inside(command);
  }

  NetworkNamespace namespace() {
    return new NetworkNamespace(names.namespace(name));
  }

  private ProcessBuilder builder(List<String> command) {
    ProcessBuilder builder = new ProcessBuilder(namespace().inside(command));
    builder.environment().putAll(environment());
    String path = builder.environment().getOrDefault("PATH", "/usr/sbin:/usr/bin:/sbin:/bin");
    builder.environment().put("PATH", folders.programs() + ":" + path);
    builder.environment().remove("TARDIGRADE_SUBNET");
    return builder;
  }

  /** Starts the host's agent, and again whenever it ends, until the power is cut. */
  void startAgent() throws IOException {
    List<String> command =
        List.of("setsid", "sh", "-c", "while :; do tardigrade agent; sleep 1; done");
    Process process =
        builder(command)
            .directory(Path.of("/").toFile())
            .redirectInput(ProcessBuilder.Redirect.from(Path.of("/dev/null").toFile()))
            .redirectOutput(ProcessBuilder.Redirect.appendTo(folders.log(name).toFile()))
            .redirectErrorStream(true)
            .start();
    // Until it is in the host, nobody who cuts the host's power finds it: it would go on for ever.
    while (namespace().processes().isEmpty()) {
      if (!process.isAlive()) {
        throw new IOException(
            "the agent of lab host '" + name + "' does not start; see " + folders.log(name));
      }
      NetworkNamespace.sleep();
    }
  }

  void requirePower() {
    if (state.isOff(name)) {
      throw RefusedException.conflict(
          "lab host '%1$s' is off; 'tardigrade lab start %1$s' boots it".formatted(name));
    }
  }

  private void requireOn() {
    requirePower();
    if (state.isPaused(name)) {
      throw RefusedException.conflict(
          "lab host '%1$s' is paused; 'tardigrade lab resume %1$s' lets it go on".formatted(name));
    }
  }

  /**
   * Runs a command in the host to its end, with these streams.
   *
   * @return its exit code
   */
  public int run(List<String> command, InputStream input, OutputStream out, OutputStream err)
      throws IOException {
    requireOn();
    Process process = builder(command).start();
    Thread toCommand = Thread.ofPlatform().daemon().start(() -> feed(input, process));
    Thread errors = Thread.ofPlatform().daemon().start(() -> copy(process.getErrorStream(), err));
    copy(process.getInputStream(), out);
    try {
      errors.join();
      return process.waitFor();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted while a command ran in lab host '" + name + "'", e);
    } finally {
      toCommand.interrupt();
      process.destroy();
    }
  }

  /** Runs a command that has to succeed in time; returns what it printed. */
  public String run(Duration timeout, String... command) throws IOException {
    requireOn();
    List<String> words = new ArrayList<>();
    words.add("env");
    environment().forEach((key, value) -> words.add(key + "=" + value));
    words.add("PATH=" + folders.programs() + ":" + System.getenv("PATH"));
    words.addAll(List.of(command));
    return Command.run(namespace().inside(words), "", timeout);
  }

  private static void feed(InputStream input, Process process) {
    try (OutputStream pipe = process.getOutputStream()) {
      byte[] chunk = new byte[8192];
      for (int n = input.read(chunk); n >= 0; n = input.read(chunk)) {
        pipe.write(chunk, 0, n);
        pipe.flush();
      }
    } catch (IOException e) {
      // The command has ended without it, and its exit code tells the rest.
    }
  }

  private static void copy(InputStream from, OutputStream to) {
    byte[] chunk = new byte[8192];
    try {
      for (int n = from.read(chunk); n >= 0; n = from.read(chunk)) {
        to.write(chunk, 0, n);
        to.flush();
      }
    } catch (IOException e) {
      // Whoever was to read it has gone; the command is told by its next write.
    }
  }
}
