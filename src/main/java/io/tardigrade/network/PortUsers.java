package io.tardigrade.network;

import io.tardigrade.network.PortForward.Transport;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Tells which process of this host listens at a port.
 *
 * <pre>
 * /proc/thread-self/net/tcp, tcp6, udp, udp6: one line per socket, columns separated by spaces
 *   1  local address ':' port, hexadecimal; the address as 32-bit words in host byte order
 *   3  state: 0A is a listening TCP socket, 07 an unconnected UDP socket
 *   9  inode of the socket, to be found as a link socket:[INODE] under /proc/PID/fd
 * </pre>
 */
final class PortUsers {
  private static final Path PROC = Path.of("/proc");

  private PortUsers() {}

  /**
   * A listening socket.
   *
   * @param address empty where it listens at every address
   */
  record Listener(Optional<Ipv4> address, int port, long inode) {}

  /** Who already has the port that {@code forward} wants, as a phrase; empty where it is free. */
  static Optional<String> find(PortForward forward) throws IOException {
    String name = forward.transport() == Transport.TCP ? "tcp" : "udp";
    List<Listener> listeners = new ArrayList<>();
    for (String table : List.of(name, name + "6")) {
      Path file = PROC.resolve("thread-self/net").resolve(table);
      if (Files.exists(file)) {
        listeners.addAll(parse(Files.readAllLines(file, StandardCharsets.US_ASCII)));
      }
    }
    return listeners.stream()
        .filter(l -> inTheWay(l, forward))
        .findFirst()
        .map(l -> owner(l.inode()).orElse("another program") + " listening at " + place(l));
  }

  private static String place(Listener listener) {
    return listener.address().map(Ipv4::toString).orElse("*") + ":" + listener.port();
  }

  static boolean inTheWay(Listener listener, PortForward forward) {
    return listener.port() == forward.hostPort()
        && (listener.address().isEmpty()
            || forward.address().isEmpty()
            || listener.address().equals(forward.address()));
  }

  static List<Listener> parse(List<String> lines) {
    List<Listener> listeners = new ArrayList<>();
    for (String line : lines.subList(Math.min(1, lines.size()), lines.size())) {
      String[] columns = line.strip().split("\\s+", -1);
      if (columns.length < 10 || !(columns[3].equals("0A") || columns[3].equals("07"))) {
        continue;
      }
      int colon = columns[1].indexOf(':');
      address(columns[1].substring(0, colon))
          .ifPresent(a ->
              listeners.add(
                  new Listener(
                      a.bits() == 0 ? Optional.empty() : Optional.of(a),
                      Integer.parseInt(columns[1].substring(colon + 1), 16),
                      Long.parseLong(columns[9]))));
    }
    return listeners;
  }

  /** The IPv4 address that a socket listens at; empty where it is one of IPv6 alone. */
  private static Optional<Ipv4> address(String hex) {
    if (hex.length() == 32) {
      boolean any = hex.equals("0".repeat(32));
      boolean mapped = hex.startsWith("0".repeat(16) + "FFFF0000");
      if (!any && !mapped) {
        return Optional.empty();
      }
    }
    String word = hex.substring(hex.length() - 8);
    return Optional.of(new Ipv4(Integer.reverseBytes(Integer.parseUnsignedInt(word, 16))));
  }

  private static Optional<String> owner(long inode) {
    Path wanted = Path.of("socket:[" + inode + "]");
    try (DirectoryStream<Path> processes = Files.newDirectoryStream(PROC, "[0-9]*")) {
      for (Path process : processes) {
        if (holds(process, wanted)) {
          String name = Files.readString(process.resolve("comm")).strip();
          return Optional.of(name + " (process " + process.getFileName() + ")");
        }
      }
    } catch (IOException e) {
      // Naming the owner is a courtesy: processes may end while we look.
      return Optional.empty();
    }
    return Optional.empty();
  }

  private static boolean holds(Path process, Path wanted) {
    try (DirectoryStream<Path> descriptors = Files.newDirectoryStream(process.resolve("fd"))) {
      for (Path descriptor : descriptors) {
        if (Files.isSymbolicLink(descriptor) && Files.readSymbolicLink(descriptor).equals(wanted)) {
          return true;
        }
      }
      return false;
    } catch (IOException | java.nio.file.DirectoryIteratorException e) {
      // It ended, or closed the descriptor, while we looked.
      return false;
    }
  }
}
