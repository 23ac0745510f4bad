package io.tardigrade.coordination;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class InFlightTest {
  private final InFlight requests = new InFlight(10);

  @Test
  void oneIsOnItsWayAtATimeAndWhoAskedMeanwhileIsRemembered() {
    long first = requests.begin(0);
    assertThat(requests.begin(10)).isEqualTo(InFlight.NOT_NOW);
    assertThat(requests.end(first)).isTrue();
    long second = requests.begin(11);
    assertThat(second).isGreaterThan(first);
    assertThat(requests.end(second)).isFalse();
    assertThat(requests.end(second)).isFalse();
  }

  @Test
  void oneThatIsNeverAnsweredGivesWayAndItsLateAnswerEndsNothing() {
    long first = requests.begin(0);
    long second = requests.begin(11);
    assertThat(second).isGreaterThan(first);
    assertThat(requests.begin(12)).isEqualTo(InFlight.NOT_NOW);
    assertThat(requests.end(first)).isFalse();
    assertThat(requests.begin(13)).isEqualTo(InFlight.NOT_NOW);
    assertThat(requests.end(second)).isTrue();
  }
}
