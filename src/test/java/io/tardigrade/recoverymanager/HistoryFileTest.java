package io.tardigrade.recoverymanager;

import static org.assertj.core.api.Assertions.assertThat;

import io.tardigrade.monitor.ServiceId;
import io.tardigrade.recovery.Decision;
import io.tardigrade.recovery.Decision.Step;
import io.tardigrade.recovery.Decision.Target;
import io.tardigrade.recovery.History;
import io.tardigrade.recovery.Moment;
import io.tardigrade.recoverymanager.HistoryFile.Content;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class HistoryFileTest {
  private static final Moment NOW = new Moment(1_767_225_600_000L, 3_600_000, "boot-1");

  @TempDir Path state;

  static History eventful() {
    History history = History.NONE;
    for (int i = 0; i < 5; i++) {
      Moment at = new Moment(NOW.unixMillis() + i, NOW.uptimeMillis() + i, "boot-1");
      history =
          history
              .after(
                  new Decision(
                      Step.RECYCLE,
                      "guardian of kv failed",
                      List.of(new Target(ServiceId.guardian("kv"), "guardian of kv failed")),
                      "recycle",
                      List.of("it ended")),
                  at)
              .after(decision(Step.DIAGNOSE), at)
              .diagnosisKept()
              .after(decision(Step.RESET), at)
              .resetEnded(i % 2 == 0, at)
              .after(decision(Step.ADVISE), at);
    }
    return history.recovered(ServiceId.guardian("kv")).after(decision(Step.RESET), NOW);
  }

  private static Decision decision(Step step) {
    return new Decision(step, "kernel-oops", List.of(), "do it", List.of("an \"oops\" \u00e4"));
  }

  private Path file() {
    return state.resolve("recovery.json");
  }

  private void store(History history) throws IOException {
    new HistoryFile(state).store(new Content("boot-1", false, history), true);
  }

  @Test
  void whatIsStoredIsRead() throws IOException {
    store(eventful());
    HistoryFile.Loaded loaded = new HistoryFile(state).load(NOW);
    assertThat(loaded.damage()).isNull();
    assertThat(loaded.content()).isEqualTo(new Content("boot-1", false, eventful()));
    assertThat(new HistoryFile(state).peek()).isEqualTo(eventful());
  }

  @Test
  void withoutAFileThereIsNoHistory() throws IOException {
    HistoryFile.Loaded loaded = new HistoryFile(state).load(NOW);
    assertThat(loaded.damage()).isNull();
    assertThat(loaded.content().history()).isEqualTo(History.NONE);
    assertThat(loaded.content().ended()).isTrue();
  }

  @Test
  void damagedFileIsPutAsideAndCountsAsAFailedReset() throws IOException {
    store(eventful());
    String text = Files.readString(file());
    Files.writeString(file(), text.replace("kernel-oops", "kernel-ooqs"));
    HistoryFile.Loaded loaded = new HistoryFile(state).load(NOW);
    assertThat(loaded.damage()).contains("does not match its checksum").contains("put aside");
    assertThat(loaded.content().history().resets())
        .singleElement()
        .matches(r -> r.outcome() == History.Outcome.FAILED);
    assertThat(file()).doesNotExist();
    assertThat(state.resolve("recovery.json.damaged")).exists();
  }

  @Test
  void anotherVersionIsNotTakenForOurs() throws IOException {
    store(eventful());
    Files.writeString(file(), Files.readString(file()).replace("\"version\":1", "\"version\":2"));
    assertThat(new HistoryFile(state).load(NOW).damage()).contains("version 2");
  }

  @Test
  void fileStaysSmallHoweverMuchHappens() throws IOException {
    History history = History.NONE;
    for (int i = 0; i < 2000; i++) {
      history = history.after(decision(Step.ADVISE), NOW).after(decision(Step.DIAGNOSE), NOW);
    }
    store(history);
    assertThat(Files.size(file())).isLessThan(200_000);
    assertThat(new HistoryFile(state).peek()).isEqualTo(history);
  }

  @Test
  void noSingleChangedByteIsTakenForAHistory() throws IOException {
    store(eventful());
    byte[] good = Files.readAllBytes(file());
    assertThat(HistoryFile.fuzz(good)).isEqualTo(6);
    for (int i = 0; i < good.length - 1; i++) {
      byte[] bad = good.clone();
      bad[i] ^= 1;
      Content read;
      try {
        read = HistoryFile.parse(bad);
      } catch (IOException refused) {
        continue;
      }
      // What reads all the same reads as it was: a changed case in the checksum would.
      assertThat(read).as("byte %d", i).isEqualTo(new Content("boot-1", false, eventful()));
    }
  }

  @Test
  void anyBytesAreAHistoryOrRefused() throws IOException {
    long seed = Long.getLong("seed", System.nanoTime());
    Random random = new Random(seed);
    store(eventful());
    byte[] good = Files.readAllBytes(file());
    List<String> words = new ArrayList<>(List.of("null", "{}", "[]", "1e999", "\"\"", "true"));
    for (int i = 0; i < 3000; i++) {
      byte[] bytes;
      if (i % 3 == 0) {
        bytes = new byte[random.nextInt(200)];
        random.nextBytes(bytes);
      } else if (i % 3 == 1) {
        bytes = good.clone();
        for (int n = random.nextInt(8); n >= 0; n--) {
          bytes[random.nextInt(bytes.length)] = (byte) random.nextInt(128);
        }
      } else {
        String text = new String(good, StandardCharsets.UTF_8);
        int at = random.nextInt(text.length());
        String word = words.get(random.nextInt(words.size()));
        bytes =
            (text.substring(0, at) + word + text.substring(at)).getBytes(StandardCharsets.UTF_8);
      }
      assertThat(HistoryFile.fuzz(bytes)).as("seed %d, round %d", seed, i).isBetween(-1, 256);
    }
  }

  @Test
  void recordsWithSomethingMissingAreRefusedThoughTheirChecksumIsRight() throws IOException {
    List<History> bad =
        List.of(
            new History(
                List.of(new History.Recycle("agent", "x", null)), List.of(), List.of(), List.of()),
            new History(
                List.of(), List.of(new History.Diagnosis(null, NOW, true)), List.of(), List.of()),
            new History(
                List.of(), List.of(), List.of(new History.Reset("x", NOW, null, null)), List.of()),
            new History(
                List.of(),
                List.of(),
                List.of(),
                List.of(new History.Advice("x", new Moment(1, 1, null)))));
    for (History history : bad) {
      store(history);
      assertThat(new HistoryFile(state).load(NOW).damage()).contains("missing");
    }
  }
}
