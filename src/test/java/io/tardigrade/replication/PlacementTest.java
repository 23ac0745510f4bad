package io.tardigrade.replication;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

class PlacementTest {
  private static final long GIB = 1L << 30;
  private static final List<HostRoom> HOSTS =
      List.of(
          new HostRoom("a", "east", 9 * GIB, true),
          new HostRoom("b", "east", 8 * GIB, true),
          new HostRoom("c", "west", 2 * GIB, true),
          new HostRoom("d", "west", 3 * GIB, true),
          new HostRoom("e", "", GIB, true),
          new HostRoom("f", "north", 9 * GIB, false));

  private static Placement.Choice choose(int count, long bytes, String... taken) {
    return Placement.choose(Set.of(taken), count, bytes, HOSTS, Set.of());
  }

  @Test
  void otherZonesComeFirstAndThenRoom() {
    assertThat(choose(1, GIB, "a").hosts()).containsExactly("d");
    assertThat(choose(2, GIB, "a").hosts()).containsExactly("d", "e");
    assertThat(choose(4, GIB, "a").hosts()).containsExactly("d", "e", "b", "c");
    assertThat(choose(1, GIB, "a", "d").hosts()).containsExactly("e");
  }

  @Test
  void hostsWithoutRoomOrAwayOrTakenAreNeverChosen() {
    Placement.Choice choice = choose(9, 4 * GIB, "a");
    assertThat(choice.hosts()).containsExactly("b");
    assertThat(choice.lack()).isEqualTo("no host with 4 GiB free");
    assertThat(choose(1, 64L << 20, "a", "b", "c", "d", "e").lack()).isEqualTo("no other host");
    assertThat(choose(1, (64L << 20) + 1, "b", "a", "c", "d").lack()).isEmpty();
  }

  @Test
  void hostGivenUpLatelyIsTheLastChoice() {
    assertThat(Placement.choose(Set.of("a"), 1, GIB, HOSTS, Set.of("d", "e", "c")).hosts())
        .containsExactly("b");
    assertThat(Placement.choose(Set.of("a", "b"), 1, GIB, HOSTS, Set.of("d", "e", "c")).hosts())
        .containsExactly("d");
  }

  @Test
  void protectionIsToldInFewWords() {
    assertThat(new Protection(2, 2, -1, "").text()).isEqualTo("2/2");
    assertThat(new Protection(1, 2, 43, "").text()).isEqualTo("1/2 syncing 43 %");
    assertThat(new Protection(1, 2, -1, "no other host").text()).isEqualTo("1/2: no other host");
    assertThat(new Protection(0, 2, -1, "no host with 1 GiB free").text())
        .isEqualTo("none: no host with 1 GiB free");
    assertThat(Protection.NONE.text()).isEqualTo("none");
  }
}
