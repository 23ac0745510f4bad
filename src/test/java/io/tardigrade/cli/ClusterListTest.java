package io.tardigrade.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.tardigrade.control.HostGuests;
import io.tardigrade.guest.GuestStatus;
import io.tardigrade.guest.Json;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;

class ClusterListTest {
  private static GuestStatus guest(String name, GuestStatus.@Nullable Replica replica) {
    GuestStatus.Quantiles none = new GuestStatus.Quantiles(null, null, 0);
    return new GuestStatus(
        name,
        GuestStatus.State.RUNNING,
        null,
        "10.117.1.2",
        "02:00:0a:75:01:02",
        128L << 20,
        1,
        null,
        null,
        "redis-server",
        List.of(),
        List.of(),
        Instant.EPOCH,
        null,
        null,
        false,
        new GuestStatus.Protection(null, 0, none, none, none, 0, 0),
        new GuestStatus.Recoveries(0, null, null, null),
        null,
        replica);
  }

  private static GuestStatus.Replica replica(String role, long view, String primary) {
    return new GuestStatus.Replica(
        "kv-00000001",
        role,
        view,
        primary,
        List.of(),
        role.equals("primary") ? "1/1" : "",
        Map.of());
  }

  private static List<String> shown(HostGuests... hosts) {
    return ClusterList.rows(List.of(hosts)).stream()
        .map(row -> row.guest().name() + " on " + row.host())
        .toList();
  }

  @Test
  void guestOfSeveralHostsIsShownOnceAsItsPrimaryTellsOfIt() {
    HostGuests a =
        new HostGuests(
            "a", List.of(guest("kv", replica("backup", 3, "b")), guest("own", null)), "");
    HostGuests b =
        new HostGuests(
            "b", List.of(guest("kv", replica("primary", 3, "b")), guest("own", null)), "");
    assertThat(shown(a, b)).containsExactly("kv on b", "own on a", "own on b");
    assertThat(shown(b, a)).containsExactly("kv on b", "own on a", "own on b");
  }

  @Test
  void hostThatRunsTheGuestIsNamedEvenIfItDoesNotAnswer() {
    HostGuests a = new HostGuests("a", List.of(guest("kv", replica("backup", 3, "b"))), "");
    HostGuests b = new HostGuests("b", List.of(), "does not answer");
    assertThat(shown(a, b)).containsExactly("kv on b");
  }

  @Test
  void ofTwoThatSayTheyRunItTheNewerViewIsRight() {
    HostGuests old = new HostGuests("a", List.of(guest("kv", replica("primary", 3, "a"))), "");
    HostGuests now = new HostGuests("b", List.of(guest("kv", replica("primary", 4, "b"))), "");
    assertThat(shown(old, now)).containsExactly("kv on b");
    assertThat(shown(now, old)).containsExactly("kv on b");
  }

  @Test
  void guestThatNobodyRunsIsShownWithWhatItWaitsFor() {
    GuestStatus.Replica waits =
        new GuestStatus.Replica(
            "kv-00000001", "backup", 3, "c", List.of(), "none: memory lost", Map.of());
    HostGuests a = new HostGuests("a", List.of(guest("kv", replica("backup", 3, "c"))), "");
    HostGuests b = new HostGuests("b", List.of(guest("kv", waits)), "");
    for (List<HostGuests> hosts : List.of(List.of(a, b), List.of(b, a))) {
      assertThat(ClusterList.rows(hosts))
          .singleElement()
          .extracting(row -> row.guest().replica())
          .isEqualTo(waits);
    }
  }

  @Test
  void jsonIsThatOfAGuestWithItsHost() throws Exception {
    List<ClusterList.Row> rows =
        ClusterList.rows(List.of(new HostGuests("a", List.of(guest("own", null)), "")));
    JsonNode json = Json.parse("rows", Json.line(rows), JsonNode.class);
    assertThat(json.at("/0/host").asString()).isEqualTo("a");
    assertThat(json.at("/0/name").asString()).isEqualTo("own");
  }
}
