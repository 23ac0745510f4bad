package io.tardigrade.incident;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class EventLogTest {
  private static final InstantSource CLOCK =
      InstantSource.fixed(Instant.parse("2026-11-22T18:15:03.120Z"));

  @TempDir Path folder;

  /** Appends from a process of its own. */
  public static final class Appender {
    public static void main(String[] arguments) throws IOException {
      EventLog log = new EventLog(Path.of(arguments[0]));
      for (int i = 0; i < 300; i++) {
        log.append(arguments[1], "tested", "event " + i);
      }
    }
  }

  private Path file() {
    return folder.resolve("events.jsonl");
  }

  @Test
  void eventsOfSeveralProcessesAreAllThereAndInOrder() throws Exception {
    List<Process> processes = new ArrayList<>();
    for (String guest : List.of("one", "two")) {
      processes.add(
          new ProcessBuilder(
                  Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                  "-XX:+UseSerialGC",
                  "-XX:TieredStopAtLevel=1",
                  "-cp",
                  System.getProperty("java.class.path"),
                  Appender.class.getName(),
                  file().toString(),
                  guest)
              .inheritIO()
              .start());
    }
    new EventLog(file()).append("three", "tested", "from here");
    for (Process process : processes) {
      assertThat(process.waitFor()).isZero();
    }
    List<Event> events = new EventLog(file()).read();
    for (String guest : List.of("one", "two")) {
      List<String> messages =
          events.stream().filter(e -> e.guest().equals(guest)).map(Event::message).toList();
      assertThat(messages).hasSize(300).startsWith("event 0", "event 1").endsWith("event 299");
    }
    assertThat(events).hasSize(601);
  }

  @Test
  void aTornLineIsSkippedAndSwallowsNothing() throws IOException {
    EventLog log = new EventLog(file());
    log.append("kv", "started", "first");
    Files.writeString(file(), "{\"at\":\"2026-11-22T18:15:03Z\",\"gue", StandardOpenOption.APPEND);
    assertThat(log.read()).extracting(Event::message).containsExactly("first");

    log.append("kv", "stopped", "second");

    assertThat(log.read()).extracting(Event::message).containsExactly("first", "second");
  }

  @Test
  void aMessageStaysOnOneLineOfBoundedLength() throws IOException {
    EventLog log = new EventLog(file(), 1 << 20, CLOCK);
    log.append("kv", "odd", "two\nlines\u0000and a bell\u0007");
    log.append("kv", "long", "é".repeat(100_000));
    log.append("g".repeat(9000), "t".repeat(9000), "\u2028".repeat(5000));

    assertThat(Files.readAllLines(file()))
        .hasSize(3)
        .allMatch(line -> line.getBytes(java.nio.charset.StandardCharsets.UTF_8).length < 4096);
    assertThat(log.read().getFirst())
        .isEqualTo(new Event(CLOCK.instant(), "kv", "odd", "two lines and a bell "));
  }

  @Test
  void aFullLogBecomesTheOlderOne() throws IOException {
    EventLog log = new EventLog(file(), 2000, CLOCK);
    for (int i = 0; i < 30; i++) {
      log.append("kv", "tested", "event " + i);
    }
    assertThat(Files.size(file())).isLessThanOrEqualTo(2000);
    assertThat(folder.resolve("events.jsonl.1")).exists();
    List<Event> events = log.read();
    assertThat(events.getLast().message()).isEqualTo("event 29");
    assertThat(events).hasSizeGreaterThan(20);
  }

  @Test
  void followingMissesNothingWhenTheLogIsRotated() throws Exception {
    EventLog log = new EventLog(file(), 4000, CLOCK);
    log.append("kv", "tested", "event 0");
    List<String> seen = new CopyOnWriteArrayList<>();
    Thread follower =
        Thread.ofPlatform()
            .start(() -> {
              try {
                log.follow(event -> seen.add(event.message()));
              } catch (IOException e) {
                seen.add(e.toString());
              }
            });
    for (int i = 1; i < 60; i++) {
      log.append("kv", "tested", "event " + i);
      Thread.sleep(20);
    }
    Awaitility.await().atMost(Duration.ofSeconds(10)).until(() -> seen.contains("event 59"));
    follower.interrupt();
    follower.join();
    List<String> expected = new ArrayList<>();
    for (int i = 0; i < 60; i++) {
      expected.add("event " + i);
    }
    assertThat(seen).isEqualTo(expected);
  }
}
