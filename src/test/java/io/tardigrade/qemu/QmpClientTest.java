package io.tardigrade.qemu;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;

import io.tardigrade.linux.Linux;
import io.tardigrade.linux.SocketPair;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(value = 30, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class QmpClientTest {
  @TempDir Path dir;
  private final List<String> events = new ArrayList<>();
  private Process process;
  private int pidfd;
  private SocketPair pair;
  private QmpClient qmp;

  @BeforeEach
  void open() throws IOException {
    process = new ProcessBuilder("sleep", "60").start();
    pidfd = Linux.pidfdOpen(process.pid());
    connect();
  }

  private void connect() throws IOException {
    pair = SocketPair.at(dir.resolve("qmp.sock"));
    qmp = new QmpClient(pair.ours(), pidfd, event -> events.add(event.name()));
  }

  @AfterEach
  void close() {
    qmp.close();
    pair.close();
    process.destroyForcibly();
    Linux.close(pidfd);
  }

  private static long in(long millis) {
    return System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(millis);
  }

  private static void assertLost(HypervisorLostException.Kind kind, ThrowingCallable call) {
    assertThat(catchThrowable(call))
        .isInstanceOfSatisfying(
            HypervisorLostException.class, e -> assertThat(e.kind()).isEqualTo(kind));
  }

  @Test
  void greetingIsAwaitedThenCommandModeEntered() throws IOException {
    pair.say("{\"QMP\":{\"version\":{},\"capabilities\":[]}}\r\n{\"return\":{},\"id\":1}\r\n");
    // The answer to the first command has to come after it: ids not sent are refused.
    assertThatThrownBy(() -> qmp.negotiate(in(2000))).isInstanceOf(QmpException.class);
    close();
    process = new ProcessBuilder("sleep", "60").start();
    pidfd = Linux.pidfdOpen(process.pid());
    connect();
    Thread peer =
        Thread.ofPlatform()
            .start(() -> {
              try {
                pair.say("{\"QMP\":{\"version\":{},\"capabilities\":[]}}\r\n");
                String heard = "";
                while (!heard.contains("\n")) {
                  heard += pair.heard();
                }
                pair.say("{\"return\":{},\"id\":1}\r\n");
              } catch (IOException e) {
                throw new AssertionError(e);
              }
            });
    qmp.negotiate(in(5000));
    join(peer);
  }

  private static void join(Thread thread) {
    try {
      thread.join();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  @Test
  void repliesMayComeInAnyOrderWithEventsBetween() throws IOException {
    long first = qmp.send("{\"execute\":\"stop\"");
    long second = qmp.send("{\"execute\":\"cont\"");
    assertThat(pair.heard())
        .isEqualTo("{\"execute\":\"stop\",\"id\":1}\n{\"execute\":\"cont\",\"id\":2}\n");
    pair.say("{\"event\":\"STOP\",\"timestamp\":{}}\n{\"return\":{\"a\":2},\"id\":2}\n");
    pair.say("\n{\"event\":\"RESUME\",\"data\":{\"x\":1}}\n{\"return\":{\"a\":1},\"id\":1}\n");
    assertThat(qmp.await(first, in(2000)).path("a").asInt()).isEqualTo(1);
    assertThat(qmp.await(second, in(2000)).path("a").asInt()).isEqualTo(2);
    assertThat(events).containsExactly("STOP", "RESUME");
  }

  @Test
  void messagesMayArriveInPieces() throws IOException {
    long id = qmp.send("{\"execute\":\"query-status\"");
    Thread peer =
        Thread.ofPlatform()
            .start(() -> {
              try {
                for (byte b : "{\"return\":\"é\",\"id\":1}\n".getBytes(StandardCharsets.UTF_8)) {
                  pair.say(new byte[] {b});
                }
              } catch (IOException e) {
                throw new AssertionError(e);
              }
            });
    assertThat(qmp.await(id, in(5000)).asString()).isEqualTo("é");
    join(peer);
  }

  @Test
  void refusalNamesWhatTheHypervisorSaid() throws IOException {
    long id = qmp.send("{\"execute\":\"dance\"");
    pair.say("{\"error\":{\"class\":\"CommandNotFound\",\"desc\":\"no dance\"},\"id\":1}\n");
    assertThatThrownBy(() -> qmp.await(id, in(2000)))
        .isInstanceOf(QmpException.class)
        .hasMessageContaining("no dance");
  }

  @Test
  void answersToNothingAreRefused() throws IOException {
    for (String line :
        new String[] {
          "{\"return\":{},\"id\":99}",
          "{\"return\":{},\"id\":-1}",
          "{\"return\":{}}",
          "{\"return\":{},\"id\":\"x\"}",
          "{\"return\":{},\"id\":1}\n{\"return\":{},\"id\":1}"
        }) {
      long id = qmp.send("{\"execute\":\"stop\"");
      pair.say(line + "\n");
      assertThatThrownBy(() -> qmp.await(id + 1, in(2000)))
          .as(line)
          .isInstanceOf(QmpException.class);
      qmp.close();
      pair.close();
      connect();
    }
  }

  @Test
  void silenceUntilTheDeadlineIsHung() throws IOException {
    long id = qmp.send("{\"execute\":\"stop\"");
    pair.say("{\"return\":{},");
    assertLost(HypervisorLostException.Kind.HUNG, () -> qmp.await(id, in(30)));
  }

  @Test
  void replyThatWasThereInTimeIsTakenByAGuardianThatComesLate() throws IOException {
    long id = qmp.send("{\"execute\":\"stop\"");
    pair.say("{\"return\":{\"a\":1},\"id\":1}\n");
    assertThat(qmp.await(id, System.nanoTime() - TimeUnit.SECONDS.toNanos(10)).path("a").asInt())
        .isEqualTo(1);
  }

  @Test
  void hypervisorThatTalksWithoutEverAnsweringIsHung() throws Exception {
    long id = qmp.send("{\"execute\":\"stop\"");
    // Empty lines mean nothing, so it does not matter how those of several threads mix.
    byte[] flood = "\n".repeat(65_536).getBytes(StandardCharsets.UTF_8);
    List<Thread> peers = new ArrayList<>();
    for (int i = 0; i < 4; i++) {
      peers.add(
          Thread.ofPlatform()
              .start(() -> {
                try {
                  while (true) {
                    pair.say(flood);
                  }
                } catch (IOException e) {
                  // Our end was closed.
                }
              }));
    }
    assertLost(HypervisorLostException.Kind.HUNG, () -> qmp.await(id, in(50)));
    qmp.pump();
    qmp.close();
    for (Thread peer : peers) {
      peer.join(10_000);
    }
  }

  @Test
  void endOfTheProcessEndsAWaitAtOnce() throws Exception {
    long id = qmp.send("{\"execute\":\"stop\"");
    process.destroyForcibly();
    long start = System.nanoTime();
    assertLost(HypervisorLostException.Kind.DIED, () -> qmp.await(id, in(20_000)));
    assertThat(System.nanoTime() - start).isLessThan(TimeUnit.SECONDS.toNanos(10));
  }

  @Test
  void closedMonitorIsAHypervisorThatDied() throws IOException {
    long id = qmp.send("{\"execute\":\"stop\"");
    pair.say("{\"return\":{},\"i");
    pair.peer().close();
    assertLost(HypervisorLostException.Kind.DIED, () -> qmp.await(id, in(5000)));
    assertLost(HypervisorLostException.Kind.DIED, () -> qmp.send("{\"execute\":\"cont\""));
  }

  @Test
  void lineWithoutEndIsRefused() throws Exception {
    long id = qmp.send("{\"execute\":\"stop\"");
    Thread peer =
        Thread.ofPlatform()
            .start(() -> {
              try {
                while (true) {
                  pair.say(new byte[65_536]);
                }
              } catch (IOException e) {
                // Our end was closed.
              }
            });
    assertThatThrownBy(() -> qmp.await(id, in(10_000)))
        .isInstanceOf(QmpException.class)
        .hasMessageContaining("more than 1048576 bytes");
    qmp.close();
    peer.join(10_000);
  }

  @Test
  void nothingAHypervisorSaysDoesMoreThanAnIoException() throws IOException {
    long seed = 5;
    Random random = new Random(seed);
    List<String> lines =
        List.of(
            "{\"QMP\":{\"version\":{\"qemu\":{\"major\":7}},\"capabilities\":[\"oob\"]}}",
            "{\"return\":{\"status\":\"running\",\"n\":[1,2.5,-3e8,null,true]},\"id\":1}",
            "{\"error\":{\"class\":\"GenericError\",\"desc\":\"because\"},\"id\":1}",
            "{\"event\":\"SHUTDOWN\",\"data\":{\"guest\":true},\"timestamp\":{\"seconds\":1}}");
    for (int round = 0; round < 20_000; round++) {
      byte[] line = lines.get(random.nextInt(lines.size())).getBytes(StandardCharsets.UTF_8);
      for (int i = random.nextInt(5); i >= 0; i--) {
        int at = random.nextInt(line.length);
        switch (random.nextInt(4)) {
          case 0 -> line[at] = (byte) random.nextInt(256);
          case 1 -> line = Arrays.copyOf(line, at + 1);
          case 2 -> line[at] = (byte) "{}[]\",:0e-9\\u".charAt(random.nextInt(13));
          default -> {
            byte[] longer = Arrays.copyOf(line, line.length + 200);
            Arrays.fill(longer, line.length, longer.length, line[at]);
            line = longer;
          }
        }
      }
      try {
        fuzz(line);
      } catch (RuntimeException | Error e) {
        throw new AssertionError(
            "seed " + seed + " round " + round + ": " + new String(line, StandardCharsets.UTF_8),
            e);
      }
    }
  }

  /** Entry for a fuzzer: one line of a monitor. */
  static void fuzz(byte[] line) {
    try {
      assertThat(QmpMessage.parse(new String(line, StandardCharsets.UTF_8).strip())).isNotNull();
    } catch (QmpException e) {
      assertThat(e.getMessage()).hasSizeLessThan(400);
    }
  }
}
