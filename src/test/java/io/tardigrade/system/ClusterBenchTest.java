package io.tardigrade.system;

import static org.assertj.core.api.Assertions.assertThat;

import io.tardigrade.guest.Json;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import tools.jackson.databind.JsonNode;

/** The short form of the benchmark of guests that other hosts keep, whole: some minutes. */
@Tag("long")
@Timeout(1200)
class ClusterBenchTest {
  private TestHost host;

  @BeforeEach
  void begin() throws Exception {
    host = TestHost.create();
  }

  @AfterEach
  void end() throws Exception {
    host.close();
  }

  @Test
  void everyPartIsMeasuredAndItsFiguresCanBe() throws Exception {
    Path file = host.folder("bench").resolve("values.json");

    TestHost.Result result = host.must("bench", "cluster", "--quick", "--json", file.toString());

    System.out.println(result.out());
    JsonNode report = Json.read(file, JsonNode.class);
    assertThat(report.path("failures")).isEmpty();
    Map<String, JsonNode> rows = new HashMap<>();
    for (JsonNode row : report.path("rows")) {
      rows.put(row.path("title").asString(""), row);
      assertThat(row.path("verdict").asString("")).as("%s", row).isNotEqualTo("NOT_MEASURED");
    }
    assertThat(protectedOf(rows, "2 backups, links of 1 ms: PING, p50")).isBetween(0.002, 1.0);
    assertThat(rows.get("2 backups, links of 1 ms: SET, p50").path("alternative").asDouble(0))
        .as("redis's own replica waits for a round trip")
        .isBetween(0.002, 1.0);
    assertThat(protectedOf(rows, "cc1 -O2, one file after the other: sent to a backup by dirtied"))
        .isBetween(0.001, 1.0);
    assertThat(protectedOf(rows, "machine lost: guest running elsewhere, worst"))
        .isBetween(0.2, 60.0);
    assertThat(protectedOf(rows, "switchover: client without an answer, p50"))
        .isBetween(0.005, 60.0);
    assertThat(
            rows.get("switchover: downtime as QEMU tells it, p50").path("alternative").asDouble(0))
        .isBetween(0.001, 10.0);
    assertThat(protectedOf(rows, "on a backup beyond guest RAM of 128 MiB"))
        .isBetween((double) (1 << 20), (double) (1 << 30));
  }

  private static double protectedOf(Map<String, JsonNode> rows, String title) {
    assertThat(rows).containsKey(title);
    return rows.get(title).path("protected").asDouble(-1);
  }
}
