package io.tardigrade.system;

import static org.assertj.core.api.Assertions.assertThat;

import io.tardigrade.guest.Json;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;

/** The native part of the benchmark of a host's reset: a guest frozen and resumed, once. */
@Tag("aside")
class ResetBenchTest extends SystemTest {
  @Test
  void guestThatIsFrozenAndResumedHasItsPhasesTimed() throws IOException {
    Path file = host().folder("bench").resolve("values.json");

    TestHost.Result result =
        host().must("bench", "reset", "--quick", "--only", "native", "--json", file.toString());

    assertThat(result.out()).contains("freeze + seal + load + resume", "≤ 500.00 ms");
    double sum = 0;
    List<String> measured = new ArrayList<>();
    for (JsonNode row : Json.read(file, JsonNode.class).path("rows")) {
      String title = row.path("title").asString("");
      double seconds = row.path("protected").asDouble(0);
      measured.add(title.replaceFirst(".*: ", "").replaceFirst(",.*", ""));
      assertThat(seconds).as(title).isPositive().isLessThan(60);
      sum += title.contains("phase") || title.contains("all but") ? 0 : seconds;
      if (title.contains(" + ")) {
        assertThat(seconds * 2).as("sum of the phases before").isCloseTo(sum, byAHundredth());
      }
    }
    assertThat(measured)
        .contains(
            "freeze",
            "seal",
            "agent's start to all guests running",
            "phase 'load state",
            "freeze + seal + load + resume");
  }

  private static org.assertj.core.data.Offset<Double> byAHundredth() {
    return org.assertj.core.data.Offset.offset(0.01);
  }
}
