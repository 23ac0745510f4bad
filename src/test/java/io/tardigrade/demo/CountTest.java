package io.tardigrade.demo;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class CountTest {
  private static Count of(long... answers) {
    Count count = new Count();
    for (long answer : answers) {
      count.answer(answer);
    }
    return count;
  }

  @Test
  void everyAnswerOneMoreThanTheLastIsFaultless() {
    assertThat(of(1, 2, 3).missing()).isZero();
    assertThat(of(1, 2, 3).repeated()).isZero();
    assertThat(of(1, 2, 3).acknowledged()).isEqualTo(3);
  }

  @Test
  void aServerThatForgotOrRepeatedIsFoundOut() {
    assertThat(of(1, 2, 3, 2).missing()).isEqualTo(2);
    assertThat(of(1, 2, 3, 3).missing()).isEqualTo(1);
    assertThat(of(1, 2, 4).repeated()).isEqualTo(1);
  }
}
