package io.tardigrade.box;

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
  void hostIsTakenDownAndFolderGoesWhenTheStarterEnds() throws Exception {
    Path folder = Files.createDirectory(temporary.resolve("box"));
    Files.createDirectories(folder.resolve("state/lab"));
    Path called = temporary.resolve("called");
    Process keeper = keep(folder, "touch", called.toString());
    assertThat(keeper.waitFor(200, TimeUnit.MILLISECONDS)).isFalse();
    assertThat(called).doesNotExist();

    keeper.getOutputStream().close(); // what the kernel does for a JVM that was killed

    assertThat(keeper.waitFor(10, TimeUnit.SECONDS)).isTrue();
    assertThat(called).exists();
    assertThat(folder).doesNotExist();
  }

  @Test
  void nothingIsTakenDownWhereNothingIsLeft() throws Exception {
    Path folder = Files.createDirectory(temporary.resolve("box"));
    Process keeper = keep(folder, "touch", temporary.resolve("called").toString());

    keeper.getOutputStream().close();

    assertThat(keeper.waitFor(10, TimeUnit.SECONDS)).isTrue();
    assertThat(temporary.resolve("called")).doesNotExist();
    assertThat(folder).doesNotExist();
  }

  private Process keep(Path folder, String... command) throws IOException {
    Path script = Commands.extract("keeper.sh", temporary.resolve("keeper.sh"));
    List<String> all = new ArrayList<>(List.of("sh", script.toString(), folder.toString()));
    all.addAll(List.of(command));
    return new ProcessBuilder(all).start();
  }
}
