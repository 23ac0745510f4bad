package io.tardigrade.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Random;
import org.junit.jupiter.api.Test;

class CheckedWordTest {
  @Test
  void epochsComeBackAndAnyFlippedBitIsFound() throws ImageException {
    Random random = new Random(5);
    for (int i = 0; i < 200; i++) {
      long epoch = random.nextLong() & CheckedWord.EPOCH_MAX >>> random.nextInt(48);
      long word = CheckedWord.encode(epoch);
      assertThat(CheckedWord.decode(word, "word")).isEqualTo(epoch);
      for (int bit = 0; bit < 64; bit++) {
        long flipped = word ^ 1L << bit;
        assertThatThrownBy(() -> CheckedWord.decode(flipped, "word"))
            .isInstanceOf(ImageException.class);
      }
    }
  }

  @Test
  void zerosAreNoEpoch() {
    assertThatThrownBy(() -> CheckedWord.decode(0, "word")).isInstanceOf(ImageException.class);
  }
}
