package io.tardigrade.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LogTailTest {
  @TempDir Path folder;
  private final ByteArrayOutputStream out = new ByteArrayOutputStream();

  private void write(String text) throws IOException {
    Files.writeString(
        folder.resolve("log"), text, StandardOpenOption.CREATE, StandardOpenOption.APPEND);
  }

  @Test
  void nothingIsMissedOrRepeatedWhenTheLogIsRotated() throws IOException {
    LogTail tail = new LogTail(folder.resolve("log"));
    tail.copyTo(out);
    write("one ");
    tail.copyTo(out);
    tail.copyTo(out);
    write("two ");
    Files.move(folder.resolve("log"), folder.resolve("log.1"));
    tail.copyTo(out);
    write("three ");
    tail.copyTo(out);
    write("four");
    tail.copyTo(out);
    assertThat(out.toString(StandardCharsets.UTF_8)).isEqualTo("one two three four");
  }

  @Test
  void goingOnAfterTheLastLinesRepeatsNothing() throws IOException {
    write("a\nb\nc\n");
    LogTail tail = new LogTail(folder.resolve("log"));
    tail.copyLast(2, out);
    write("d\n");
    tail.copyTo(out);
    assertThat(out.toString(StandardCharsets.UTF_8)).isEqualTo("b\nc\nd\n");
  }
}
