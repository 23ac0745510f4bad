package io.tardigrade.box;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;

/**
 * Run as a guest would run: answers each line with the same line, and counts aloud five times a
 * second without being asked.
 */
final class TalkingServer {
  private TalkingServer() {}

  public static void main(String[] arguments) throws IOException {
    try (ServerSocket listener = new ServerSocket(Integer.parseInt(arguments[0]))) {
      System.out.println("ready");
      while (true) {
        Socket socket = listener.accept();
        Thread.ofPlatform().start(() -> talk(socket));
      }
    }
  }

  private static void talk(Socket socket) {
    try (socket;
        BufferedReader in =
            new BufferedReader(
                new InputStreamReader(socket.getInputStream(), StandardCharsets.US_ASCII));
        PrintStream out =
            new PrintStream(socket.getOutputStream(), true, StandardCharsets.US_ASCII)) {
      Thread.ofPlatform()
          .daemon()
          .start(() -> {
            for (long n = 1; !out.checkError(); n++) {
              out.print("count " + n + "\n");
              out.flush();
              sleep();
            }
          });
      for (String line = in.readLine(); line != null; line = in.readLine()) {
        out.print(line + "\n");
        out.flush();
      }
    } catch (IOException e) {
      System.out.println("a connection ended: " + e);
    }
  }

  private static void sleep() {
    try {
      Thread.sleep(200);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
