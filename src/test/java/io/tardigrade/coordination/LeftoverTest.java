package io.tardigrade.coordination;

import static org.assertj.core.api.Assertions.assertThat;

import io.tardigrade.replication.View;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What of a guest that is known was only left behind by a process of this host. */
class LeftoverTest {
  private static boolean isLeftover(View view, String... assigned) {
    return GuestRegister.isLeftover(view, List.of(assigned), "a");
  }

  @Test
  void guestWithoutAViewIsOneWhereItWasEnteredByThisHost() {
    assertThat(isLeftover(View.NONE, "a")).isTrue();
    assertThat(isLeftover(View.NONE, "b")).isFalse();
    assertThat(isLeftover(View.NONE, "a", "b")).isFalse();
    assertThat(isLeftover(View.NONE)).isFalse();
  }

  @Test
  void guestWithAViewIsOneWhereOnlyThisHostCouldRunIt() {
    assertThat(isLeftover(new View(5, 3, "a", List.of()), "a")).isTrue();
    assertThat(isLeftover(new View(5, 3, "a", List.of()), "a", "b"))
        .as("who is assigned and not in the view cannot take it over")
        .isTrue();
    assertThat(isLeftover(new View(5, 3, "a", List.of("b")), "a")).isFalse();
    assertThat(isLeftover(new View(5, 3, "b", List.of()), "a")).isFalse();
    assertThat(isLeftover(new View(5, 3, "b", List.of("a")), "a")).isFalse();
  }
}
