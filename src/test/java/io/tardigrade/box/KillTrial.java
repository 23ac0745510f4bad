package io.tardigrade.box;

import io.tardigrade.guardian.GuardianClient;
import io.tardigrade.guest.GuestFiles;
import io.tardigrade.guest.GuestStatus;
import io.tardigrade.guest.HostPaths;
import io.tardigrade.guest.Json;
import io.tardigrade.linux.Linux;
import java.io.BufferedReader;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Optional;
import java.util.function.Predicate;

/**
 * Run in the box: counts on one connection to the redis server in a guest while it kills what the
 * guest runs on.
 *
 * <pre>
 *   KillTrial GUEST VICTIM...     VICTIM: hypervisor or guardian; killed at once, without waiting
 *                                 for a spare, where a '!' follows
 * </pre>
 *
 * <p>Prints a line for each kill, at the end {@code counted N} and the guest's status as JSON on
 * one line. Fails where the server is another one than before, the connection is lost, or an answer
 * is not one more than the one before.
 */
final class KillTrial {
  private static final int PORT = 6379;
  private static final Duration PATIENCE = Duration.ofMinutes(4);
  private static final int ANSWERS_BETWEEN = 5;

  private final HostPaths paths = HostPaths.of(System.getenv());
  private final String guest;
  private final Socket socket;
  private final BufferedReader in;
  private final OutputStream out;
  private long last;

  private KillTrial(String guest) throws IOException {
    this.guest = guest;
    String address = GuestFiles.of(paths, guest).spec().address();
    awaitServer(address);
    this.socket = open(address);
    this.in =
        new BufferedReader(
            new InputStreamReader(socket.getInputStream(), StandardCharsets.US_ASCII));
    this.out = socket.getOutputStream();
  }

  public static void main(String[] arguments) throws Exception {
    KillTrial trial = new KillTrial(arguments[0]);
    String server = trial.serverId();
    trial.count(ANSWERS_BETWEEN);
    for (int i = 1; i < arguments.length; i++) {
      trial.kill(arguments[i]);
    }
    trial.count(ANSWERS_BETWEEN);
    if (!trial.serverId().equals(server)) {
      throw new IllegalStateException("the server was started anew");
    }
    System.out.println("counted " + trial.last + " on one connection, same server");
    System.out.println(
        Json.line(trial.await("the guest is protected", s -> s.spareReady(), PATIENCE)));
  }

  private void kill(String victim) throws IOException {
    boolean atOnce = victim.endsWith("!");
    boolean guardian = victim.startsWith("guardian");
    GuestStatus before =
        await("a " + victim, s -> pid(s, guardian) > 0 && (atOnce || s.spareReady()), PATIENCE);
    long pid = pid(before, guardian);
    Linux.kill(pid, Linux.SIGKILL);
    long killed = System.nanoTime();
    count(1);
    double waited = (System.nanoTime() - killed) / 1e9;
    await("another " + victim, s -> pid(s, guardian) != pid && pid(s, guardian) > 0, PATIENCE);
    count(ANSWERS_BETWEEN);
    System.out.printf("killed %s %d at %d, next answer after %.1f s%n", victim, pid, last, waited);
  }

  private static long pid(GuestStatus status, boolean guardian) {
    Long pid = (guardian ? status.guardian() : status.hypervisor()).pid();
    return pid == null ? 0 : pid;
  }

  private void count(int more) throws IOException {
    for (int i = 0; i < more; i++) {
      String answer = ask("INCR counter");
      if (!answer.equals(":" + (last + 1))) {
        throw new IllegalStateException("after " + last + " came " + answer);
      }
      last++;
    }
  }

  /** Made at random by each start of the server. */
  private String serverId() throws IOException {
    String length = ask("INFO server");
    if (!length.startsWith("$")) {
      throw new IOException("INFO was answered by " + length);
    }
    String id = "";
    for (String line = line(); !line.isEmpty(); line = line()) {
      if (line.startsWith("run_id:")) {
        id = line;
      }
    }
    return id;
  }

  private String ask(String command) throws IOException {
    out.write((command + "\r\n").getBytes(StandardCharsets.US_ASCII));
    return line();
  }

  private String line() throws IOException {
    String line = in.readLine();
    if (line == null) {
      throw new EOFException("the server closed the connection at " + last);
    }
    return line;
  }

  private static Socket open(String address) throws IOException {
    Socket socket = new Socket();
    try {
      socket.setTcpNoDelay(true);
      socket.setSoTimeout((int) PATIENCE.toMillis());
      socket.connect(new InetSocketAddress(address, PORT), (int) PATIENCE.toMillis());
      return socket;
    } catch (IOException e) {
      socket.close();
      throw e;
    }
  }

  private static void awaitServer(String address) throws IOException {
    long deadline = System.nanoTime() + PATIENCE.toNanos();
    while (true) {
      try {
        open(address).close();
        return;
      } catch (IOException e) {
        if (System.nanoTime() > deadline) {
          throw e;
        }
        sleep();
      }
    }
  }

  private GuestStatus await(String what, Predicate<GuestStatus> wanted, Duration patience) {
    long deadline = System.nanoTime() + patience.toNanos();
    while (System.nanoTime() < deadline) {
      Optional<GuestStatus> status = status();
      if (status.isPresent() && wanted.test(status.get())) {
        return status.get();
      }
      sleep();
    }
    throw new IllegalStateException(
        "waited in vain for this: " + what + "; last told: " + status().map(Json::line));
  }

  private Optional<GuestStatus> status() {
    try {
      return Optional.of(GuardianClient.connect(paths, guest).status());
    } catch (IOException none) {
      return Optional.empty();
    }
  }

  private static void sleep() {
    try {
      Thread.sleep(100);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted", e);
    }
  }
}
