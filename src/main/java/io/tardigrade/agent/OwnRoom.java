package io.tardigrade.agent;

import io.tardigrade.control.HostApi;
import io.tardigrade.guest.GuestFiles;
import io.tardigrade.guest.HostPaths;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** What this host has room for: what its memory file systems have free, as far as memory goes. */
final class OwnRoom {
  /** Smaller changes are not worth telling everybody. */
  private static final long STEP_BYTES = 16L << 20;

  private final HostPaths paths;
  private final HostApi host;

  OwnRoom(HostPaths paths, HostApi host) {
    this.paths = paths;
    this.host = host;
  }

  ClusterService.OwnState now() {
    try {
      int guests = 0;
      for (String name : GuestFiles.names(paths)) {
        GuestFiles files = GuestFiles.of(paths, name);
        if (files.exists() && files.outcome().isEmpty()) {
          guests++;
        }
      }
      return new ClusterService.OwnState(
          freeBytes() / STEP_BYTES * STEP_BYTES, !host.maintenance().on(), guests);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private long freeBytes() throws IOException {
    long ordinary = Math.min(usable(paths.images()), available());
    return ordinary + (Files.isDirectory(paths.preservedImages()) ? usable(paths.preserved()) : 0);
  }

  private static long usable(Path folder) throws IOException {
    Path there = folder;
    while (!Files.exists(there) && there.getParent() != null) {
      there = there.getParent();
    }
    return Files.getFileStore(there).getUsableSpace();
  }

  private static long available() throws IOException {
    return Files.readAllLines(Path.of("/proc/meminfo")).stream()
        .filter(line -> line.startsWith("MemAvailable:"))
        .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")) << 10)
        .findFirst()
        .orElseThrow(() -> new IOException("/proc/meminfo tells nothing of MemAvailable"));
  }
}
