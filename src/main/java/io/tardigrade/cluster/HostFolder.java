package io.tardigrade.cluster;

import io.tardigrade.guest.HostPaths;
import io.tardigrade.guest.Json;
import io.tardigrade.launch.RefusedException;
import io.tardigrade.links.Pem;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.PrivateKey;
import java.util.Comparator;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Makes and takes away the folder that {@link ClusterConfig} describes: it is there as a whole or
 * not at all, for it is made under another name.
 */
final class HostFolder {
  private HostFolder() {}

  static void refuseSecond(HostPaths paths) {
    if (Files.exists(paths.cluster())) {
      throw RefusedException.conflict(
          "this host is of a cluster already ("
              + paths.cluster()
              + "); 'tardigrade host remove' on another host takes it out");
    }
  }

  /**
   * What a host proves itself with.
   *
   * @param certificate PEM
   * @param authority PEM: certificate of the authority
   * @param authorityKey PEM, or null where this host only votes
   */
  record Keys(
      PrivateKey key, String certificate, String authority, @Nullable String authorityKey) {}

  /** The keys of a machine that is no host. */
  static void makeClient(HostPaths paths, Keys keys) throws IOException {
    Path made = stage(paths);
    try {
      String _ = write(made, keys);
      Files.move(made, paths.client(), StandardCopyOption.ATOMIC_MOVE);
    } finally {
      delete(made);
    }
  }

  private static Path stage(HostPaths paths) throws IOException {
    Files.createDirectories(paths.state());
    return Files.createTempDirectory(
        paths.state(),
        ".cluster-",
        PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
  }

  /** Returns the key as text. */
  private static String write(Path made, Keys keys) throws IOException {
    String key = Pem.encode(Pem.PRIVATE_KEY, keys.key().getEncoded());
    Json.writeText(made.resolve("host.key"), key);
    Json.writeText(made.resolve("host.crt"), keys.certificate());
    Json.writeText(made.resolve("authority.crt"), keys.authority());
    return key;
  }

  static void make(HostPaths paths, ClusterConfig config, Keys keys, String servers)
      throws IOException {
    refuseSecond(paths);
    Path made = stage(paths);
    try {
      String key = write(made, keys);
      Json.writeText(made.resolve("host.pem"), key + keys.certificate() + keys.authority());
      if (keys.authorityKey() != null) {
        Json.writeText(made.resolve("authority.key"), keys.authorityKey());
      }
      Json.writeText(made.resolve("removed"), "");
      ClusterConfig.writeServers(made, servers);
      config.write(made);
      Files.move(made, paths.cluster(), StandardCopyOption.ATOMIC_MOVE);
    } finally {
      delete(made);
    }
  }

  static void delete(Path folder) throws IOException {
    if (!Files.exists(folder)) {
      return;
    }
    // Without this it is none, whatever becomes of the rest.
    Files.deleteIfExists(folder.resolve("host.json"));
    try (Stream<Path> all = Files.walk(folder)) {
      for (Path file : all.sorted(Comparator.reverseOrder()).toList()) {
        Files.deleteIfExists(file);
      }
    }
  }
}
