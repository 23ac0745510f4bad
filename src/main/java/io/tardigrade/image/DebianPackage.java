package io.tardigrade.image;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Fetches packages of the host's Debian release and unpacks them without installing anything. */
final class DebianPackage {
  private static final Duration FETCH_TIME_MAX = Duration.ofMinutes(10);
  private static final Duration QUERY_TIME_MAX = Duration.ofMinutes(1);
  private static final Pattern DEPENDS =
      Pattern.compile("^\\s*\\|?Depends: ([a-z0-9][a-z0-9+.-]+)$", Pattern.MULTILINE);

  private DebianPackage() {}

  /**
   * The first real package that {@code meta} depends on and whose name starts with {@code prefix}.
   */
  static String dependency(String meta, String prefix) throws IOException {
    for (boolean updated : new boolean[] {false, true}) {
      if (updated) {
        update();
      }
      for (String name : dependencies(meta)) {
        if (name.startsWith(prefix)) {
          return name;
        }
      }
    }
    throw new ImageException(
        "Debian's package lists hold no package "
            + meta
            + " depending on "
            + prefix
            + "*; check /etc/apt/sources.list, then run `apt-get update`");
  }

  /** Downloads {@code name} and unpacks it into {@code folder}, which exists and is empty. */
  static void unpack(String name, Path folder) throws IOException {
    Path download = Files.createTempDirectory(folder, "download-");
    try {
      try {
        download(name, download);
      } catch (ImageException stale) {
        // Lists that are out of date name files the mirror no longer has.
        update();
        download(name, download);
      }
      HostCommand.run(
          null,
          FETCH_TIME_MAX,
          List.of("dpkg-deb", "-x", onlyDeb(download, name).toString(), folder.toString()));
    } finally {
      Staging.deleteTree(download);
    }
  }

  private static List<String> dependencies(String meta) throws IOException {
    String output;
    try {
      output = HostCommand.run(null, QUERY_TIME_MAX, List.of("apt-cache", "depends", meta));
    } catch (ImageException unknown) {
      if (unknown.getCause() != null) {
        throw unknown;
      }
      return List.of();
    }
    List<String> names = new ArrayList<>();
    Matcher matcher = DEPENDS.matcher(output);
    while (matcher.find()) {
      names.add(matcher.group(1));
    }
    return names;
  }

  private static void download(String name, Path folder) throws IOException {
    HostCommand.run(
        folder,
        FETCH_TIME_MAX,
        List.of("apt-get", "-q", "-o", "APT::Sandbox::User=root", "download", name));
  }

  private static void update() throws IOException {
    HostCommand.run(null, FETCH_TIME_MAX, List.of("apt-get", "-q", "update"));
  }

  private static Path onlyDeb(Path folder, String name) throws IOException {
    try (var debs = Files.newDirectoryStream(folder, "*.deb")) {
      for (Path deb : debs) {
        return deb;
      }
    }
    throw new ImageException(
        "`apt-get download " + name + "` left no package file; try it by hand");
  }
}
