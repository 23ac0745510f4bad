package io.tardigrade.system;

import io.tardigrade.linux.Command;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;

/** The program {@code probe.c}, which guests run, and questions to it. */
public final class Probe {
  static final int PORT = 7000;

  private Probe() {}

  /** The program, built where it is missing. It is static: it needs nothing beside it. */
  public static Path program() throws IOException {
    return compile(
        Path.of("src/test/resources/io/tardigrade/system/probe.c"),
        Path.of("target", "probe"),
        "-static");
  }

  /** Compiles {@code source} where {@code program} is older or missing; returns where it lies. */
  static Path compile(Path source, Path program, String... options) throws IOException {
    Path made = program.toAbsolutePath();
    if (Files.exists(made)
        && Files.getLastModifiedTime(made).compareTo(Files.getLastModifiedTime(source)) > 0) {
      return made;
    }
    Files.createDirectories(made.getParent());
    Path fresh = made.resolveSibling(".fresh-" + ProcessHandle.current().pid());
    List<String> command = new ArrayList<>(List.of("gcc", "-O2"));
    command.addAll(List.of(options));
    command.addAll(List.of("-o", fresh.toString(), source.toString()));
    Command.run(command, "", Duration.ofMinutes(2));
    Files.move(fresh, made, StandardCopyOption.ATOMIC_MOVE);
    return made;
  }

  /** What the guest says of itself. */
  record Look(long realNanos, long uptimeNanos, String bootId) {}

  static Look look(String address) throws IOException {
    String[] words = ask(address, "look").split(" ");
    return new Look(Long.parseLong(words[0]), Long.parseLong(words[1]), words[2]);
  }

  /** One question on a connection of its own. */
  public static String ask(String address, String request) throws IOException {
    try (Socket socket = open(address, PORT, request);
        BufferedReader in =
            new BufferedReader(
                new InputStreamReader(socket.getInputStream(), StandardCharsets.US_ASCII))) {
      return Objects.requireNonNullElse(in.readLine(), "");
    }
  }

  /** A connection on which {@code request} was sent. */
  static Socket open(String address, int port, String request) throws IOException {
    Socket socket = new Socket();
    try {
      socket.setSoTimeout(60_000);
      socket.connect(new InetSocketAddress(address, port), 10_000);
      socket.getOutputStream().write((request + "\n").getBytes(StandardCharsets.US_ASCII));
      return socket;
    } catch (IOException e) {
      socket.close();
      throw e;
    }
  }

  /** The same bytes as the program's {@code bytes}. */
  static InputStream bytes(long count) {
    return new InputStream() {
      private long state = 88172645463325252L;
      private long at;

      @Override
      public int read() {
        if (at == count) {
          return -1;
        }
        int part = (int) (at++ & 7);
        if (part == 0) {
          state ^= state << 13;
          state ^= state >>> 7;
          state ^= state << 17;
        }
        return (int) (state >>> (8 * part)) & 255;
      }
    };
  }
}
