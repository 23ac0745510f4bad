package io.tardigrade.system;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/**
 * Hears the switch of the guests' network say behind which port it has just seen the guest. A guest
 * that is visible on two hosts makes it say so again and again; one that changes its host, once.
 */
final class GuestPorts implements AutoCloseable {
  private final Process process;
  private final Thread thread;
  private final List<String> ports = new ArrayList<>();

  GuestPorts(String wire, String mac) throws IOException {
    this.process =
        new ProcessBuilder("ip", "netns", "exec", wire, "bridge", "monitor", "fdb")
            .redirectErrorStream(true)
            .start();
    this.thread = Thread.ofPlatform().daemon().name("guest-ports").start(() -> read(mac));
  }

  /** Lines like {@code 02:54:… dev u2 master guests}. */
  private void read(String mac) {
    try (BufferedReader in = process.inputReader(StandardCharsets.UTF_8)) {
      for (String line = in.readLine(); line != null; line = in.readLine()) {
        if (line.toLowerCase(java.util.Locale.ROOT).contains(mac.toLowerCase(java.util.Locale.ROOT))
            && !line.contains("Deleted")) {
          seen(line.replaceFirst(".* dev (\\S+).*", "$1"));
        }
      }
    } catch (IOException e) {
      // It was ended.
    }
  }

  private synchronized void seen(String port) {
    if (ports.isEmpty() || !ports.getLast().equals(port)) {
      ports.add(port);
    }
  }

  /** One after the other, each other than the one before. */
  synchronized List<String> all() {
    return List.copyOf(ports);
  }

  @Override
  public void close() throws InterruptedException {
    process.destroyForcibly();
    thread.join();
  }
}
