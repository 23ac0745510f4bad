package io.tardigrade.block;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class BlockLayerTest {
  private static final int SIZE = 200;

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8})
  void aLayerHoldsTheNewestOfEachByte(long seed) {
    Random random = new Random(seed);
    BlockLayer layer = new BlockLayer(1);
    // Per byte: 0 for never written, -1 and -2 for zeroes, else 1 + where its content lies.
    long[] model = new long[SIZE];
    for (int step = 1; step <= 100; step++) {
      int offset = random.nextInt(SIZE);
      int length = 1 + random.nextInt(Math.min(40, SIZE - offset));
      int source = random.nextInt(4) - 2;
      long position = source < 0 ? 0 : step * 1000L;
      layer.put(new Extent(offset, length, source, position));
      for (int i = 0; i < length; i++) {
        model[offset + i] = source < 0 ? source : 10 * (position + i) + source + 1;
      }
      assertThat(expanded(layer)).as("seed %d step %d", seed, step).isEqualTo(model);
      checkLookups(layer, model);
    }
  }

  private static long[] expanded(BlockLayer layer) {
    long[] content = new long[SIZE];
    long end = 0;
    for (Extent extent : layer.extents()) {
      assertThat(extent.offset()).isGreaterThanOrEqualTo(end);
      assertThat(extent.length()).isPositive();
      end = extent.end();
      for (long at = extent.offset(); at < end; at++) {
        Extent one = extent.part(at, at + 1);
        content[(int) at] = one.isZero() ? one.source() : 10 * one.position() + one.source() + 1;
      }
    }
    return content;
  }

  private static void checkLookups(BlockLayer layer, long[] model) {
    for (int offset = 0; offset < SIZE; offset++) {
      int next = offset;
      while (next < SIZE && model[next] == 0) {
        next++;
      }
      Extent found = layer.atOrAfter(offset);
      if (next == SIZE) {
        assertThat(found).isNull();
      } else {
        assertThat(found != null && found.offset() <= next && found.end() > next)
            .as("what is found at %d", offset)
            .isTrue();
      }
    }
  }

  @Test
  void anEmptyLayerHasNothing() {
    BlockLayer layer = new BlockLayer(7);
    assertThat(layer.isEmpty()).isTrue();
    assertThat(layer.atOrAfter(0)).isNull();
    assertThat(layer.epoch()).isEqualTo(7);
  }
}
