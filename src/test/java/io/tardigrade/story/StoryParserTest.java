package io.tardigrade.story;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.tardigrade.monitor.ServiceId;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class StoryParserTest {
  private static Story parse(String text) throws StoryException {
    return StoryParser.parse("tale", "tale/steps", text);
  }

  @Test
  void stepsAreReadInOrder() throws StoryException {
    Story story = parse("# A tale.\n\n# more\n0s guest kv\n 90s  kill   hypervisor kv\n2m end\n");
    assertThat(story.title()).isEqualTo("A tale.");
    assertThat(story.steps())
        .containsExactly(
            new Story.Timed(0, new Step.Guest("kv", true, false, "")),
            new Story.Timed(90_000, new Step.Kill(ServiceId.hypervisor("kv"))),
            new Story.Timed(120_000, new Step.End()));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "0s|is no step",
        "soon kill agent|is no time",
        "99999h end|more than 31 days",
        "0s explode agent|nothing that can happen",
        "0s kill agents|no service",
        "0s kill guardian kv|there is no guest 'kv'",
        "0s guest KV|no name for a guest",
        "0s guest kv sometimes|neither",
        "0s memory lots|no size",
        "0s memory 1M|is not from",
        "0s maintenance maybe|neither on nor off",
        "0s preserved armed for no reason|needs no reason",
        "0s leak kernel|no leak",
        "0s leak kernel 3G/year|no rate",
        "0s kernel|missing",
        "0s load 101|no number",
        "0s corrected many A1|no number",
        "0s clock 2h|no change of the clock",
        "0s end now|more than was expected",
        "0s load 5|has no end",
      })
  void aLineThatIsNotUnderstoodIsNamed(String line, String complaint) {
    assertThatThrownBy(() -> parse("# Title\n" + line + "\n"))
        .isInstanceOf(StoryException.class)
        .hasMessageStartingWith("tale/steps, line 2: ")
        .hasMessageContaining(complaint)
        .satisfies(e -> assertThat(e.getMessage()).hasLineCount(1));
  }

  @Test
  void timeOnlyGoesOnAndEnds() {
    assertThatThrownBy(() -> parse("2m load 5\n1m end\n")).hasMessageContaining("line 2");
    assertThatThrownBy(() -> parse("2m end\n3m load 5\n")).hasMessageContaining("after the end");
    assertThatThrownBy(() -> parse("0s load 5\n".repeat(1001))).hasMessageContaining("line 1001");
    assertThatThrownBy(() -> parse("")).hasMessageContaining("has no end");
  }

  @Test
  void anyTextIsReadOrRefused() throws IOException {
    long seed = System.nanoTime();
    Random random = new Random(seed);
    byte[] original =
        Files.readAllBytes(Path.of("src/main/resources/io/tardigrade/story/disk-fails/steps"));
    for (int i = 0; i < 5_000; i++) {
      byte[] bytes = original.clone();
      for (int n = random.nextInt(6); n >= 0; n--) {
        bytes[random.nextInt(bytes.length)] = (byte) random.nextInt(256);
      }
      try {
        parse(new String(bytes, StandardCharsets.UTF_8));
      } catch (StoryException e) {
        assertThat(e.getMessage()).as("seed %d try %d", seed, i).hasLineCount(1);
      }
    }
  }
}
