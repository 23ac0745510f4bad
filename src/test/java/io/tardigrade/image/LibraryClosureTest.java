package io.tardigrade.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LibraryClosureTest {
  @TempDir Path folder;

  @Test
  void closureOfAProgramIsWhatTheLinkerLoads() throws Exception {
    LibraryClosure closure = new LibraryClosure(LibrarySearch.ofHost(), "/usr/bin:/bin");
    closure.add(Path.of("/bin/ls"));
    String listing = HostCommand.run(null, Duration.ofSeconds(10), List.of("ldd", "/bin/ls"));
    List<String> loaded =
        listing
            .lines()
            .filter(line -> line.contains("/"))
            .map(line -> line.replaceFirst(".*=> ", "").strip().replaceFirst(" \\(.*", ""))
            .toList();
    assertThat(loaded).hasSizeGreaterThan(2);
    assertThat(closure.files().stream().map(Path::toString)).containsAll(loaded);
    assertThat(closure.links()).isEmpty();
  }

  @Test
  void missingLibraryIsNamedInOneLine() {
    LibraryClosure closure =
        new LibraryClosure(new LibrarySearch(Map.of(), List.of(folder)), "/bin");
    assertThatThrownBy(() -> closure.add(Path.of("/bin/ls")))
        .isInstanceOf(ImageException.class)
        .hasMessageMatching("/bin/ls needs the library \\S+, which is not on this host; .*");
  }

  @Test
  void libraryOutsideTheLinkersFoldersGetsALink() throws Exception {
    Path library = folder.resolve("libc.so.6");
    Files.copy(Path.of("/lib/x86_64-linux-gnu/libc.so.6"), library);
    LibrarySearch search =
        new LibrarySearch(Map.of("libc.so.6", List.of(library)), LibrarySearch.DEFAULT_FOLDERS);
    LibraryClosure closure = new LibraryClosure(search, "/bin");
    closure.add(Path.of("/bin/ls"));
    assertThat(closure.links()).containsEntry("libc.so.6", library);
  }

  @Test
  void scriptBringsItsInterpreterEvenThroughEnv() throws Exception {
    Path script = Files.writeString(folder.resolve("s"), "#!/usr/bin/env -S FOO=1 ls -l\n");
    LibraryClosure closure = new LibraryClosure(LibrarySearch.ofHost(), "/usr/bin:/bin");
    closure.add(script);
    assertThat(closure.files()).contains(script, Path.of("/usr/bin/env"), Path.of("/usr/bin/ls"));
  }

  @Test
  void scriptThatIsItsOwnInterpreterIsRefused() throws Exception {
    Path script = folder.resolve("loop");
    Files.writeString(script, "#!" + script + "\n");
    LibraryClosure closure = new LibraryClosure(LibrarySearch.ofHost(), "/bin");
    assertThatThrownBy(() -> closure.add(script)).hasMessageContaining("too many deep");
  }

  @Test
  void originAndLibInRunPathsAreExpandedAndRelativeOnesDropped() {
    assertThat(
            LibrarySearch.folders(
                List.of("$ORIGIN/../lib", "${ORIGIN}/$LIB", "lib", "/opt/x"),
                Path.of("/a/bin/prog")))
        .containsExactly(
            Path.of("/a/lib"), Path.of("/a/bin/lib/x86_64-linux-gnu"), Path.of("/opt/x"));
  }

  @Test
  void shebangWordsAreRead() {
    assertThat(shebang("#! /bin/sh -e\nexit")).containsExactly("/bin/sh", "-e");
    assertThat(shebang("#!\n")).isEmpty();
    assertThat(shebang("plain")).isEmpty();
  }

  @Test
  void commandThatIsNotThereIsNamedInOneLine() {
    assertThatThrownBy(() -> CommandLookup.find("no-such-program", "/bin:/usr/bin"))
        .hasMessage(
            "`no-such-program` was not found in /bin:/usr/bin; install it or give its path");
    assertThatThrownBy(() -> CommandLookup.find("/etc/passwd", "/bin"))
        .hasMessageContaining("not executable");
    assertThatThrownBy(() -> CommandLookup.find("/etc", "/bin")).hasMessageContaining("a folder");
  }

  private static List<String> shebang(String text) {
    return LibraryClosure.shebang(text.getBytes(StandardCharsets.UTF_8));
  }
}
