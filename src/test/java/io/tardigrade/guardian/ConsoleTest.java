package io.tardigrade.guardian;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ConsoleTest {
  @TempDir Path dir;
  private Console console;

  @BeforeEach
  void open() throws IOException {
    console = new Console(dir.resolve("console.log"));
  }

  @AfterEach
  void close() throws IOException {
    console.close();
  }

  private void print(String text) {
    console.append(MemorySegment.ofArray(text.getBytes(StandardCharsets.UTF_8)));
  }

  private String log() throws IOException {
    return Files.readString(dir.resolve("console.log"));
  }

  @Test
  void exitStatusIsKnownOnceItsLineIsCommittedHoweverItWasCut() throws IOException {
    print("noise\ntardigrade: program exi");
    console.closeEpoch(1);
    print("ted with status 42\r\nmore");
    console.release(1);
    assertThat(console.exitStatus()).isNull();
    console.closeEpoch(2);
    console.release(2);
    assertThat(console.exitStatus()).isEqualTo(42);
  }

  @Test
  void linesWithoutEndAndOtherTextAreNoExitStatus() throws IOException {
    print("x".repeat(1 << 20) + "tardigrade: program exited with status 1\n");
    print("tardigrade: program exited with status none\n");
    console.releaseAll();
    assertThat(console.exitStatus()).isNull();
  }

  @Test
  void logIsRotatedAndItsOlderHalfKept() throws IOException {
    String megabyte = "m".repeat(1 << 20);
    for (int i = 0; i < 10; i++) {
      print(megabyte);
      console.releaseAll();
    }
    print("newest");
    console.releaseAll();
    assertThat(Files.size(dir.resolve("console.log.1"))).isEqualTo(9L << 20);
    assertThat(log()).endsWith("newest").hasSize((1 << 20) + 6);
  }

  @Test
  void textHeldIsBoundedAndRoomComesBackWithItsRelease() throws IOException {
    for (int i = 0; i < 100; i++) {
      print("x".repeat(100_000));
      console.closeEpoch(i + 1);
    }
    console.release(50);
    console.release(100);
    assertThat(log().length()).isPositive().isLessThanOrEqualTo(4 << 20);
    print("later");
    console.releaseAll();
    assertThat(log()).endsWith("later");
  }

  @Test
  void droppedTextGivesItsRoomBack() throws IOException {
    for (int round = 0; round < 3; round++) {
      print("x".repeat(4 << 20));
      console.closeEpoch(round + 1);
      console.dropUncommitted();
    }
    print("kept");
    console.releaseAll();
    assertThat(log()).isEqualTo("kept");
  }

  @Test
  void aLogThatIsThereIsContinuedAndOurNotesGoIntoIt() throws IOException {
    print("one\n");
    console.releaseAll();
    console.close();
    console = new Console(dir.resolve("console.log"));
    print("two\n");
    console.releaseAll();
    console.note("three");
    assertThat(log()).isEqualTo("one\ntwo\ntardigrade: three\n");
  }
}
