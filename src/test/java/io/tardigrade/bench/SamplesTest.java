package io.tardigrade.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class SamplesTest {
  @Test
  void aQuantileIsAValueThatWasMeasured() {
    Samples samples = Samples.of(4, 1, 3, 2);

    assertThat(samples.median()).isEqualTo(2);
    assertThat(samples.quantile(0.51)).isEqualTo(3);
    assertThat(samples.p99()).isEqualTo(4);
    assertThat(samples.max()).isEqualTo(4);
  }

  @Test
  void theNinetyNinthPercentileOfAHundredLeavesOutOnlyTheWorst() {
    Samples samples = new Samples();
    for (int i = 1; i <= 100; i++) {
      samples.add(i);
    }

    assertThat(samples.p99()).isEqualTo(99);
  }

  @Test
  void noQuantileIsBelowTheShareItStandsFor() {
    long seed = System.nanoTime();
    Random random = new Random(seed);
    for (int round = 0; round < 200; round++) {
      double[] values = random.doubles(1 + random.nextInt(600)).toArray();
      double share = random.nextDouble();

      double quantile = Samples.of(values).quantile(share);

      double[] sorted = values.clone();
      Arrays.sort(sorted);
      long notAbove = Arrays.stream(sorted).filter(v -> v <= quantile).count();
      long below = Arrays.stream(sorted).filter(v -> v < quantile).count();
      assertThat(notAbove)
          .as("seed %d", seed)
          .isGreaterThanOrEqualTo((long) (share * values.length));
      assertThat((double) below).as("seed %d", seed).isLessThanOrEqualTo(share * values.length);
    }
  }

  @Test
  void nothingMeasuredHasNoQuantile() {
    assertThatThrownBy(() -> new Samples().median()).isInstanceOf(IllegalStateException.class);
  }

  @Test
  void turnsAreComparedOneWithOne() {
    // The host slowed down by half in the second and third turn: pairs do not notice.
    List<Double> without = List.of(100.0, 50.0, 50.0);
    List<Double> with = List.of(80.0, 40.0, 45.0);

    assertThat(Pairing.ratio(with, without)).isEqualTo(0.8);
    assertThat(Pairing.difference(with, without)).isEqualTo(-10);
  }

  @Test
  void seriesOfDifferentLengthAreNotCompared() {
    assertThatThrownBy(() -> Pairing.ratio(List.of(1.0), List.of()))
        .isInstanceOf(IllegalArgumentException.class);
  }
}
