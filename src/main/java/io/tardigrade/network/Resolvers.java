package io.tardigrade.network;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** The name servers of this host that a guest can use too. */
public final class Resolvers {
  /** As many as the resolver of a Linux guest looks at. */
  static final int COUNT_MAX = 3;

  private static final int FILE_BYTES_MAX = 64 << 10;
  private static final List<Path> FILES =
      List.of(Path.of("/etc/resolv.conf"), Path.of("/run/systemd/resolve/resolv.conf"));

  private Resolvers() {}

  /**
   * The host's name servers, at most three; those on its loopback addresses, which no guest
   * reaches, are replaced by the ones behind them where systemd-resolved tells. Empty where none is
   * known.
   */
  public static List<Ipv4> ofHost() throws IOException {
    return of(FILES);
  }

  static List<Ipv4> of(List<Path> files) throws IOException {
    for (Path file : files) {
      if (Files.isReadable(file)) {
        List<Ipv4> found = parse(head(file));
        if (!found.isEmpty()) {
          return found;
        }
      }
    }
    return List.of();
  }

  private static String head(Path file) throws IOException {
    try (var in = Files.newInputStream(file)) {
      return new String(in.readNBytes(FILE_BYTES_MAX), StandardCharsets.UTF_8);
    }
  }

  /** The IPv4 servers named in the text of a resolv.conf, loopback ones left out. */
  static List<Ipv4> parse(String text) {
    List<Ipv4> servers = new ArrayList<>();
    for (String line : text.lines().toList()) {
      String[] words = line.strip().split("\\s+", -1);
      if (words.length >= 2 && words[0].equals("nameserver") && servers.size() < COUNT_MAX) {
        add(servers, words[1]);
      }
    }
    return servers;
  }

  private static void add(List<Ipv4> servers, String word) {
    if (word.contains(":")) {
      return;
    }
    try {
      Ipv4 server = Ipv4.parse(word);
      if (!server.isLoopback() && server.bits() != 0 && !servers.contains(server)) {
        servers.add(server);
      }
    } catch (IllegalArgumentException ignored) {
      // A line that the host's own resolver would skip as well.
    }
  }
}
