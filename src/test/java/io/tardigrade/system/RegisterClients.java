package io.tardigrade.system;

import io.tardigrade.linearizability.Operation;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Clients of a redis that write and read a few keys by chance, each on a thread and one connection
 * of its own that is never opened again, and remember all they asked and were answered. No value is
 * written twice.
 */
final class RegisterClients implements AutoCloseable {
  private static final int REDIS_PORT = 6379;
  private static final int KEYS = 3;
  private static final int ANSWER_MILLIS_MAX = 120_000;
  private static final String NOTHING = "$-1";

  private final String address;
  private final int pauseMillis;
  private final long seed;
  private final List<Client> clients = new ArrayList<>();
  private volatile boolean closing;

  /**
   * Connects them.
   *
   * @param pauseMillis between an answer and the next question
   */
  RegisterClients(String address, int count, int pauseMillis, long seed) throws IOException {
    this.address = address;
    this.pauseMillis = pauseMillis;
    this.seed = seed;
    for (int i = 0; i < count; i++) {
      Client client = new Client(i);
      clients.add(client);
      client.thread.start();
    }
  }

  /** All of it, once they are closed. */
  List<Operation> history() {
    List<Operation> all = new ArrayList<>();
    clients.forEach(client -> all.addAll(client.seen));
    return all;
  }

  /** Why connections were lost; empty where none was. */
  List<String> losses() {
    return clients.stream()
        .filter(client -> client.failure != null)
        .map(client -> "client " + client.number + ": " + client.failure)
        .toList();
  }

  @Override
  public void close() throws IOException, InterruptedException {
    closing = true;
    for (Client client : clients) {
      // Who still waits for an answer is not waited for long: what it asked may have happened.
      client.thread.join(TimeUnit.SECONDS.toMillis(10));
      client.socket.close();
      client.thread.join();
    }
  }

  private final class Client implements Runnable {
    private final int number;
    private final Random random;
    private final Socket socket = new Socket();
    private final BufferedReader in;
    private final Thread thread;
    private final List<Operation> seen = new ArrayList<>();
    private volatile @Nullable IOException failure;

    Client(int number) throws IOException {
      this.number = number;
      this.random = new Random(seed + number);
      socket.setTcpNoDelay(true);
      socket.setSoTimeout(ANSWER_MILLIS_MAX);
      socket.connect(new InetSocketAddress(address, REDIS_PORT), ANSWER_MILLIS_MAX);
      this.in =
          new BufferedReader(
              new InputStreamReader(socket.getInputStream(), StandardCharsets.US_ASCII));
      this.thread = Thread.ofPlatform().daemon().name("register-" + number).unstarted(this);
    }

    @Override
    public void run() {
      try {
        for (int i = 0; !closing; i++) {
          String key = "register-" + random.nextInt(KEYS);
          if (random.nextBoolean()) {
            write(key, number + "-" + i);
          } else {
            read(key);
          }
          Thread.sleep(random.nextInt(2 * pauseMillis + 1));
        }
      } catch (IOException e) {
        if (!closing) {
          failure = e;
        }
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    }

    private void write(String key, String value) throws IOException {
      long called = System.nanoTime();
      boolean answered = false;
      try {
        String answer = ask("SET " + key + " " + value);
        if (!answer.equals("+OK")) {
          throw new IOException("redis answered '" + answer + "' to SET");
        }
        answered = true;
      } finally {
        long returned = answered ? System.nanoTime() : Operation.NEVER;
        seen.add(Operation.write(number, key, value, called, returned));
      }
    }

    private void read(String key) throws IOException {
      long called = System.nanoTime();
      String answer = ask("GET " + key);
      String value = null;
      if (!answer.equals(NOTHING)) {
        value = in.readLine();
        if (!answer.startsWith("$") || value == null) {
          throw new IOException("redis answered '" + answer + "', '" + value + "' to GET");
        }
      }
      seen.add(Operation.read(number, key, value, called, System.nanoTime()));
    }

    private String ask(String question) throws IOException {
      socket.getOutputStream().write((question + "\r\n").getBytes(StandardCharsets.US_ASCII));
      String answer = in.readLine();
      if (answer == null) {
        throw new IOException("redis closed the connection");
      }
      return answer;
    }
  }
}
