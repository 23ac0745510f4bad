package io.tardigrade.system;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** What cannot work is refused in one line, with the documented exit code, and leaves nothing. */
@Tag("aside")
final class BadInputTest extends SystemTest {
  private static final int FAILED = 1;
  private static final int USAGE = 2;
  private static final int NOT_FOUND = 4;
  private static final int CONFLICT = 5;

  @BeforeAll
  void start() throws Exception {
    var _ = host().runShared("taken", "--", Probe.program().toString());
  }

  @AfterEach
  void onlyTheFirstGuestIsThere() throws Exception {
    try (Stream<Path> guests = Files.list(host().paths().guests())) {
      assertThat(guests.map(p -> p.getFileName().toString())).containsExactly("taken");
    }
    Path volumes = host().paths().volumes();
    if (Files.isDirectory(volumes)) {
      assertThat(volumes).isEmptyDirectory();
    }
    assertThat(host().paths().images()).isDirectoryContaining(p -> p.endsWith("taken"));
    assertThat(host().must("list", "-o", "name").out().strip()).isEqualTo("taken");
  }

  private void refused(int code, String complaint, String... words) {
    refused(host().cli(words), code, complaint);
  }

  private static void refused(TestHost.Result result, int code, String complaint) {
    assertThat(result.code()).as(result.err()).isEqualTo(code);
    assertThat(result.complaint()).contains(complaint).doesNotContain("internal error");
    assertThat(result.err().lines().filter(l -> l.startsWith("\tat "))).isEmpty();
    assertThat(result.out()).isEmpty();
  }

  @Test
  void nameInUse() {
    refused(CONFLICT, "'taken' exists already", "run", "--name", "taken", "--", "/bin/true");
  }

  @Test
  void nameThatIsNone() {
    refused(USAGE, "'No Name'", "run", "--name", "No Name", "--", "/bin/true");
  }

  @Test
  void memoryOfThreeBytes() {
    refused(USAGE, "memory", "run", "--name", "bad", "--memory", "3", "--", "/bin/true");
    refused(USAGE, "memory", "run", "--name", "bad", "--memory", "-1G", "--", "/bin/true");
  }

  @Test
  void memoryThatNoHostHas() {
    refused(CONFLICT, "space", "run", "--name", "bad", "--memory", "900G", "--", "/bin/true");
  }

  @Test
  void missingProgram() {
    refused(NOT_FOUND, "no-such-program", "run", "--name", "bad", "--", "no-such-program");
  }

  @Test
  void missingAddedFile() {
    refused(NOT_FOUND, "/no/file", "run", "--name", "bad", "--add", "/no/file", "--", "/bin/true");
  }

  @Test
  void missingAndCorruptArchives() throws Exception {
    refused(NOT_FOUND, "/no.tar", "run", "--name", "bad", "--image", "/no.tar");
    Path file = host().folder("bad").resolve("corrupt.tar");
    Files.write(file, new byte[] {1, 2, 3, 4});
    refused(FAILED, "corrupt.tar", "run", "--name", "bad", "--image", file.toString());
  }

  @Test
  void corruptDisk() throws Exception {
    Path file = host().folder("bad").resolve("corrupt.qcow2");
    Files.write(file, new byte[] {'Q', 'F', 'I', (byte) 0xfb, 0, 0, 0, 9, 1, 2, 3});
    refused(FAILED, "corrupt.qcow2", "run", "--name", "bad", "--disk", file.toString());
  }

  @Test
  void portInUse() throws IOException {
    try (ServerSocket server = new ServerSocket(0)) {
      String port = Integer.toString(server.getLocalPort());
      refused(CONFLICT, port, "run", "--name", "bad", "--publish", port + ":80", "--", "/bin/true");
    }
  }

  @Test
  void volumeThatIsNotThere() {
    refused(NOT_FOUND, "size", "run", "--name", "bad", "--volume", "v:/data", "--", "/bin/true");
  }

  @Test
  void stateFolderThatIsNone() throws Exception {
    Path file = Files.writeString(host().folder("bad").resolve("file"), "");
    TestHost.Result result =
        host()
            .cli(
                Map.of("TARDIGRADE_STATE", file.resolve("state").toString()),
                "run",
                "--name",
                "bad",
                "--",
                "/bin/true");
    assertThat(result.code()).isIn(FAILED, CONFLICT);
    refused(result, result.code(), file.toString());
  }

  @Test
  void guestOfAnotherVersion() throws Exception {
    Path folder = Files.createDirectories(host().paths().guest("old"));
    try {
      String spec = Files.readString(host().paths().spec("taken"));
      Files.writeString(
          folder.resolve("spec.json"), spec.replaceFirst("\"version\" : 1", "\"version\" : 99"));
      refused(FAILED, "version 99", "show", "old");
      refused(FAILED, "version 99", "start", "old");
      assertThat(host().must("list").out()).contains("taken").contains("old");
    } finally {
      Files.delete(folder.resolve("spec.json"));
      Files.delete(folder);
    }
  }

  @Test
  void guestThatIsNotThere() {
    for (String verb : new String[] {"show", "start", "stop", "logs", "wait", "console"}) {
      refused(NOT_FOUND, "'nobody' does not exist", verb, "nobody");
    }
    refused(NOT_FOUND, "'nobody' does not exist", "delete", "-y", "nobody");
  }
}
