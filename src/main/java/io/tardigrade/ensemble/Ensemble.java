package io.tardigrade.ensemble;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * The servers that there are, as ZooKeeper tells in its node {@code /zookeeper/config}:
 *
 * <pre>
 *   server.1=10.9.0.1:7422:7423:participant
 *   version=100000000
 * </pre>
 *
 * @param version of the ensemble, hexadecimal; a change names the one it is over
 * @param servers by number
 */
public record Ensemble(long version, List<Server> servers) {
  private static final int CHARS_MAX = 8192;
  private static final Pattern LINE =
      Pattern.compile(
          "server\\.(\\d{1,3})=\\[?([0-9a-fA-F.:]{2,45}?)]?:(\\d{1,5}):(\\d{1,5})(:participant)?(;.*)?");

  public Ensemble {
    servers = servers.stream().sorted(Comparator.comparingInt(Server::number)).toList();
  }

  /** Reads what ZooKeeper tells. */
  static Ensemble parse(String text) throws IOException {
    if (text.length() > CHARS_MAX) {
      throw new IOException("an ensemble of " + text.length() + " characters");
    }
    List<Server> servers = new ArrayList<>();
    long version = -1;
    for (String line : text.lines().toList()) {
      Matcher server = LINE.matcher(line);
      if (line.matches("version=[0-9a-fA-F]{1,15}")) {
        version = Long.parseLong(line.substring("version=".length()), 16);
      } else if (server.matches()) {
        servers.add(
            new Server(
                Integer.parseInt(server.group(1)),
                server.group(2),
                Integer.parseInt(server.group(3)) - 2));
      } else {
        throw new IOException("'" + line + "' is no server of an ensemble");
      }
    }
    if (version < 0 || servers.isEmpty()) {
      throw new IOException("an ensemble without servers or version");
    }
    return new Ensemble(version, servers);
  }

  /** Whether the host of this number runs one of them. */
  boolean has(int number) {
    return servers.stream().anyMatch(server -> server.number() == number);
  }

  /** Where clients find it: {@code ADDRESS:PORT,…}. */
  public String clients() {
    return servers.stream().map(Server::client).collect(Collectors.joining(","));
  }
}
