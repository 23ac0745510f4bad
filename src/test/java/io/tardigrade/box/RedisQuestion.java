package io.tardigrade.box;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/**
 * Outside the host: asks the redis server in a guest several things at once, on a connection of its
 * own. What leaves a guest waits for a checkpoint: asked one by one, each would wait for its own.
 */
final class RedisQuestion {
  private static final int PORT = 6379;
  private static final int CONNECT_MILLIS_MAX = 15_000;
  private static final int ANSWER_MILLIS_MAX = 60_000;
  private static final int TRIES = 100;

  private RedisQuestion() {}

  /** The answers, as soon as the server gives them; nothing is "", parts are joined by spaces. */
  static List<String> ask(String address, List<String> commands)
      throws IOException, InterruptedException {
    IOException last = new IOException("nothing was tried");
    for (int i = 0; i < TRIES; i++) {
      try {
        return once(address, commands);
      } catch (IOException e) {
        last = e;
        Thread.sleep(500);
      }
    }
    throw last;
  }

  private static List<String> once(String address, List<String> commands) throws IOException {
    try (Socket socket = new Socket()) {
      socket.setSoTimeout(ANSWER_MILLIS_MAX);
      socket.connect(new InetSocketAddress(address, PORT), CONNECT_MILLIS_MAX);
      String all = String.join("\r\n", commands) + "\r\n";
      socket.getOutputStream().write(all.getBytes(StandardCharsets.US_ASCII));
      BufferedReader in =
          new BufferedReader(
              new InputStreamReader(socket.getInputStream(), StandardCharsets.US_ASCII));
      List<String> answers = new ArrayList<>();
      for (String _ : commands) {
        answers.add(answer(in));
      }
      return answers;
    }
  }

  /** See redis' protocol specification: type, then text, number or length. */
  private static String answer(BufferedReader in) throws IOException {
    String line = in.readLine();
    if (line == null || line.isEmpty() || line.startsWith("-")) {
      throw new IOException("the server answered " + line);
    }
    String rest = line.substring(1);
    return switch (line.charAt(0)) {
      case '$' -> text(in, Integer.parseInt(rest));
      case '*' -> {
        List<String> parts = new ArrayList<>();
        for (int i = 0; i < Integer.parseInt(rest); i++) {
          parts.add(answer(in));
        }
        yield String.join(" ", parts);
      }
      default -> rest;
    };
  }

  private static String text(BufferedReader in, int length) throws IOException {
    if (length < 0) {
      return "";
    }
    char[] chars = new char[length + 2];
    for (int at = 0; at < chars.length; ) {
      int read = in.read(chars, at, chars.length - at);
      if (read < 0) {
        throw new IOException("the server closed the connection");
      }
      at += read;
    }
    return new String(chars, 0, length);
  }
}
