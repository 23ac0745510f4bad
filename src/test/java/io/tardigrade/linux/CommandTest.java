package io.tardigrade.linux;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.time.Duration;
import java.util.List;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;

class CommandTest {
  @Test
  void outputAndInputGoThrough() throws IOException {
    String big = "x".repeat(300_000);
    assertThat(Command.run(List.of("cat"), big, Duration.ofSeconds(10))).isEqualTo(big);
  }

  @Test
  void failureIsOneLineWithWhatWasSaid() {
    assertThatThrownBy(() -> Command.run("sh", "-c", "echo one >&2; echo two >&2; exit 3"))
        .isInstanceOf(IOException.class)
        .hasMessage("sh -c echo one >&2; echo two >&2; exit 3 failed with status 3: one; two");
  }

  @Test
  void hangingCommandIsKilledWithItsChildren() {
    long start = System.nanoTime();
    // No other run on this machine sleeps for just as long.
    String sleep = "sleep 44.125" + ProcessHandle.current().pid();
    assertThatThrownBy(() ->
            Command.attempt(List.of("sh", "-c", sleep + " & " + sleep), "", Duration.ofMillis(200)))
        .hasMessageContaining("did not end within 200 ms");
    assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(Duration.ofSeconds(20));
    // They are killed when the call returns; being gone may take the kernel a moment more.
    Awaitility.await("processes are gone")
        .atMost(Duration.ofSeconds(20))
        .until(() ->
            ProcessHandle.allProcesses()
                .noneMatch(p -> p.info().commandLine().orElse("").contains(sleep)));
  }

  @Test
  void endlessOutputIsBounded() throws IOException {
    Command.Result result =
        Command.attempt("sh", "-c", "head -c 9000000 /dev/zero; head -c 9000000 /dev/zero >&2");
    assertThat(result.stdout()).hasSize(Command.OUTPUT_BYTES_MAX);
    assertThat(result.stderr()).hasSize(Command.OUTPUT_BYTES_MAX);
  }

  @Test
  void missingProgramIsSaidSo() {
    assertThatThrownBy(() -> Command.run("no-such-program-here"))
        .hasMessageContaining("'no-such-program-here'")
        .hasMessageContaining("installed");
  }

  @Test
  void inputNobodyReadsDoesNotHang() throws IOException {
    assertThat(Command.attempt(List.of("true"), "x".repeat(1 << 20), Duration.ofSeconds(10)).ok())
        .isTrue();
  }
}
