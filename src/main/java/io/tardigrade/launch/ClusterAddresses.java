package io.tardigrade.launch;

import io.tardigrade.guest.HostPaths;
import io.tardigrade.guest.Json;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import java.util.TreeSet;

/**
 * The addresses of all replicated guests of this host's cluster, wherever they run, as the agent
 * has seen them last: a guest that this host has made and keeps no longer has its address still.
 *
 * <pre>
 *   STATE/cluster/addresses    an address a line
 * </pre>
 */
public final class ClusterAddresses {
  private ClusterAddresses() {}

  private static Path file(HostPaths paths) {
    return paths.cluster().resolve("addresses");
  }

  static Set<String> read(HostPaths paths) throws IOException {
    Path file = file(paths);
    return Files.exists(file) ? Set.copyOf(Files.readAllLines(file)) : Set.of();
  }

  /** Writes what {@link #read} reads, where it has changed. */
  public static void write(HostPaths paths, Set<String> addresses) throws IOException {
    if (!addresses.equals(read(paths)) && Files.isDirectory(paths.cluster())) {
      StringBuilder text = new StringBuilder();
      new TreeSet<>(addresses).forEach(address -> text.append(address).append('\n'));
      Json.writeText(file(paths), text.toString());
    }
  }
}
