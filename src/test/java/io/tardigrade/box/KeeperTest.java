package io.tardigrade.box;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The keeper lets no box outlive the JVM that started it. */
class KeeperTest {
  @TempDir Path temporary;

  @Test
  void commandEndsAndFolderGoesWhenTheStarterEnds() throws Exception {
    Path folder = Files.createDirectory(temporary.resolve("box"));
    Process keeper = keep(folder, "sh", "-c", "echo $$ >$0/pid; exec sleep 1000", "" + temporary);
    long command = awaitPid();

    keeper.getOutputStream().close(); // what the kernel does for a JVM that was killed

    assertThat(keeper.waitFor(10, TimeUnit.SECONDS)).isTrue();
    assertThat(ProcessHandle.of(command)).isEmpty();
    assertThat(folder).doesNotExist();
  }

  @Test
  void logsOfACommandThatFailedAreRepeated() throws Exception {
    Path folder = Files.createDirectory(temporary.resolve("box"));
    Process keeper = keep(folder, "sh", "-c", "echo no such disk >&2; exit 7");

    assertThat(new String(keeper.getInputStream().readAllBytes(), UTF_8))
        .isEqualTo("no such disk\n");
    assertThat(keeper.waitFor()).isEqualTo(7);
    assertThat(folder).doesNotExist();
  }

  private Process keep(Path folder, String... command) throws IOException {
    Path script = Commands.extract("keeper.sh", temporary.resolve("keeper.sh"));
    List<String> all = new ArrayList<>(List.of("sh", script.toString(), folder.toString()));
    all.addAll(List.of(command));
    return new ProcessBuilder(all).start();
  }

  private long awaitPid() throws IOException, InterruptedException {
    Path file = temporary.resolve("pid");
    while (!Files.exists(file) || !Files.readString(file).endsWith("\n")) {
      Thread.sleep(10);
    }
    return Long.parseLong(Files.readString(file).strip());
  }
}
