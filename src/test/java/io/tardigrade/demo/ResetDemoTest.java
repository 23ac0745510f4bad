package io.tardigrade.demo;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.BufferedReader;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.io.PrintStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The demonstration over commands that do what a test says, and a server that counts. */
class ResetDemoTest {
  private static final String RESUMED =
      """
      [{"guest": "kv", "blackout_seconds": 12.5,
        "phase_seconds": {"freeze": 0.5, "load state, run": 12.0}}]
      """;

  private static final AtomicInteger ADDRESSES = new AtomicInteger();

  /** Of this test alone: a port is free again only some time after its socket was closed. */
  private final String address = "127.1.17." + ADDRESSES.incrementAndGet();

  private final List<String> asked = new ArrayList<>();
  private final AtomicLong counted = new AtomicLong();
  private final AtomicInteger boots = new AtomicInteger();
  private final ByteArrayOutputStream shown = new ByteArrayOutputStream();
  private ServerSocket server;

  @BeforeEach
  void serve() throws IOException {
    server = new ServerSocket(6379, 10, InetAddress.getByName(address));
    Thread.ofVirtual()
        .start(() -> {
          try {
            while (true) {
              Socket client = server.accept();
              Thread.ofVirtual().start(() -> answer(client));
            }
          } catch (IOException e) {
            // The test is over.
          }
        });
  }

  @AfterEach
  void end() throws IOException {
    server.close();
  }

  private void answer(Socket client) {
    try (client;
        BufferedReader in =
            new BufferedReader(
                new InputStreamReader(client.getInputStream(), StandardCharsets.US_ASCII))) {
      OutputStream out = client.getOutputStream();
      for (String line = in.readLine(); line != null; line = in.readLine()) {
        String answer = line.equals("PING") ? "+PONG" : ":" + counted.incrementAndGet();
        out.write((answer + "\r\n").getBytes(StandardCharsets.US_ASCII));
      }
    } catch (IOException e) {
      // The client has left.
    }
  }

  /** A host that boots another system by these commands only. */
  private boolean demo(String... striking) throws Exception {
    Commands commands =
        words -> {
          String line = String.join(" ", words);
          asked.add(line);
          for (String strike : striking) {
            if (line.endsWith(strike)) {
              boots.incrementAndGet();
            }
          }
          String out =
              line.contains("tardigrade run")
                  ? "kv " + address
                  : line.endsWith("boot_id")
                      ? "boot-" + boots.get()
                      : line.contains("host resume") ? RESUMED : "[]";
          boolean strikes = line.endsWith("host reset") || line.startsWith("lab panic");
          return new Commands.Said(strikes ? 1 : 0, out);
        };
    return new ResetDemo("lab1", commands, new PrintStream(shown, true, StandardCharsets.UTF_8))
        .run();
  }

  @Test
  void countGoesOnThroughBothStrikes() throws Exception {
    assertThat(demo("host reset", "lab panic lab1")).isTrue();
    assertThat(shown.toString(StandardCharsets.UTF_8))
        .contains("planned reset: the client waited", "kernel panic: the client waited")
        .contains("  stood still for 12.5 s\n  freeze 500.0 ms\n  load state, run 12.0 s\n")
        .contains("0 missing, 0 repeated, 1 connection");
    assertThat(asked).last().isEqualTo("lab down lab1");
  }

  @Test
  void resetThatDoesNotComeAboutIsNotTakenForOne() {
    assertThatThrownBy(() -> demo("lab panic lab1"))
        .hasMessageContaining("the planned reset did not come about")
        .hasMessageContaining("ended with exit code 1");
    assertThat(asked).last().isEqualTo("lab down lab1");
  }
}
