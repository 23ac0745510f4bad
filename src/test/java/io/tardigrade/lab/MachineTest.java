package io.tardigrade.lab;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.tardigrade.guest.HostPaths;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What is taken for the process of a lab host. */
class MachineTest {
  @TempDir private Path folder;
  private HostFiles files;
  private Machine machine;

  @BeforeEach
  void makeFolder() throws IOException {
    files =
        HostFiles.of(
            HostPaths.of(
                Map.of(
                    "TARDIGRADE_STATE", folder.resolve("state").toString(),
                    "TARDIGRADE_RUN", folder.resolve("run").toString())),
            "torn");
    Files.createDirectories(files.pid().getParent());
    machine = new Machine(files);
  }

  @Test
  void hostIsOffWithoutAProcessOfItsOwn() throws Exception {
    assertThat(machine.pid()).isEmpty();
    Files.writeString(files.pid(), "");
    assertThat(machine.pid()).as("not written to its end").isEmpty();
    Files.writeString(files.pid(), "999999999\n");
    assertThat(machine.pid()).as("no such process").isEmpty();
    Files.writeString(files.pid(), ProcessHandle.current().pid() + "\n");
    assertThat(machine.pid()).as("a number that came again").isEmpty();
  }

  @Test
  void hostWhoseProcessCannotBeFoundOutIsNotTakenForOff() throws Exception {
    Files.createDirectory(files.pid());
    assertThatThrownBy(() -> machine.pid()).isInstanceOf(IOException.class);
  }
}
