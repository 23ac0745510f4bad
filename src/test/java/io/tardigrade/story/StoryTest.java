package io.tardigrade.story;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Every story has the log that is expected of it, to the letter. A new one, or one whose log is
 * meant to change: {@code ./tardigrade simulate NAME} prints what goes into {@code expected.log}.
 */
@Execution(ExecutionMode.SAME_THREAD)
class StoryTest {
  private static final Path FOLDER = Path.of("src/main/resources/io/tardigrade/story");

  static List<String> names() throws IOException {
    return Stories.names();
  }

  @ParameterizedTest
  @MethodSource("names")
  void theLogIsAsExpected(String name) throws IOException, StoryException {
    Stories.Told told = Stories.named(name).orElseThrow();
    assertThat(Stories.render(StoryRunner.run(told.story())))
        .isEqualTo(told.expected().orElseThrow());
  }

  @ParameterizedTest
  @MethodSource("names")
  void noLogHasAResetWithoutEvidenceBeforeIt(String name) throws IOException {
    int diagnosed = -1;
    List<String> lines = Files.readAllLines(FOLDER.resolve(name).resolve("expected.log"));
    for (int i = 0; i < lines.size(); i++) {
      diagnosed = lines.get(i).contains("decided  diagnose: ") ? i : diagnosed;
      if (lines.get(i).contains("decided  reset the operating system")) {
        assertThat(diagnosed).as("%s, line %d", name, i + 1).isNotNegative();
        diagnosed = -1;
      }
    }
  }

  @Test
  void theIndexHasEveryStoryAndEveryStoryATitle() throws IOException, StoryException {
    try (Stream<Path> folders = Files.list(FOLDER)) {
      assertThat(Stories.names())
          .containsExactlyElementsOf(
              folders
                  .filter(Files::isDirectory)
                  .map(folder -> folder.getFileName().toString())
                  .sorted()
                  .toList())
          .hasSizeGreaterThanOrEqualTo(14);
    }
    for (String name : Stories.names()) {
      assertThat(Stories.named(name).orElseThrow().story().title()).as(name).isNotBlank();
    }
  }

  @Test
  void theSameStoryMakesTheSameLog() throws IOException, StoryException {
    Story story = Stories.named("guardian-crash-loop").orElseThrow().story();
    assertThat(StoryRunner.run(story)).isEqualTo(StoryRunner.run(story));
  }

  @Test
  void aDifferenceIsNamedByItsLine() {
    assertThat(Stories.difference(List.of("a", "b"), List.of("a", "b"))).isEmpty();
    assertThat(Stories.difference(List.of("a", "b"), List.of("a", "c")))
        .contains("line 2 is 'c' and was expected to be 'b'");
    assertThat(Stories.difference(List.of("a"), List.of("a", "c")).orElseThrow())
        .contains("line 2", "(the end)");
  }
}
