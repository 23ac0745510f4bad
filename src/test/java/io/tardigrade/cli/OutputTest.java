package io.tardigrade.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.tardigrade.guest.Json;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

class OutputTest {
  @Test
  void columnsAreAsWideAsTheyNeedAndLinesEndWithTheirText() {
    Table<String> table = new Table<String>().column("A", s -> s).column("LONG", String::strip);
    assertThat(table.render(List.of("x", "täglich"), false))
        .isEqualTo("A        LONG\nx        x\ntäglich  täglich\n");
    assertThat(table.render(List.of(), false)).isEqualTo("A  LONG\n");
  }

  @Test
  void whatAGuestPutsIntoACellCannotMoveTheCursor() {
    Table<String> table = new Table<String>().column("A", s -> s);
    assertThat(table.render(List.of("\u001b[2Jx\r\n"), true)).doesNotContain("\u001b", "\r");
  }

  @Test
  void coloursDoNotChangeTheWidth() {
    Table<String> table =
        new Table<String>().column("STATE", s -> s, Colour::ofState).column("N", s -> "1");
    assertThat(table.render(List.of("FAILED"), true))
        .isEqualTo("STATE   N\n\u001b[31mFAILED\u001b[0m  1\n");
  }

  @Test
  void yamlNestsAndQuotes() {
    Map<String, Object> value = new TreeMap<>();
    value.put("a", List.of(Map.of("b", 1), List.of(2, "x: y"), List.of()));
    value.put("c", Map.of("on", true));
    assertThat(Yaml.write(Json.tree(value)))
        .isEqualTo("a:\n  - b: 1\n  - - 2\n    - \"x: y\"\n  - []\nc:\n  \"on\": true\n");
    assertThat(Yaml.write(Json.tree(List.of()))).isEqualTo("[]\n");
  }

  @Test
  void agesAreShort() {
    Instant now = Instant.parse("2026-11-22T18:00:00Z");
    assertThat(Text.age(now.minusSeconds(5), now)).isEqualTo("5s");
    assertThat(Text.age(now.minusSeconds(600), now)).isEqualTo("10m");
    assertThat(Text.age(now.minusSeconds(7200), now)).isEqualTo("2h");
    assertThat(Text.age(now.minusSeconds(864_000), now)).isEqualTo("10d");
    assertThat(Text.age(now.plusSeconds(5), now)).as("clocks go back").isEqualTo("0s");
  }

  @Test
  void theNearestWordIsTheOneWithFewestSlips() {
    assertThat(Nearest.distance("lsit", "list")).isEqualTo(1);
    assertThat(Nearest.of("--memroy=3", List.of("--memory", "--name"))).containsExactly("--memory");
    assertThat(Nearest.of("xyzzy", List.of("list", "show"))).isEmpty();
  }
}
