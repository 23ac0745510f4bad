package io.tardigrade.memory;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.BitSet;
import java.util.Random;
import org.junit.jupiter.api.Test;

class PageRangesTest {
  private static BitSet pagesOf(PageRanges ranges) {
    BitSet pages = new BitSet();
    for (int i = 0; i < ranges.size(); i++) {
      int first = (int) ranges.firstPage(i);
      pages.set(first, first + ranges.count(i));
    }
    return pages;
  }

  @Test
  void normalisedRangesNameEachPageOnceAndInOrder() {
    for (long seed = 0; seed < 300; seed++) {
      Random random = new Random(seed);
      PageRanges ranges = new PageRanges();
      BitSet model = new BitSet();
      long added = 0;
      for (int i = random.nextInt(400); i > 0; i--) {
        int first = random.nextInt(2000);
        int count = 1 + random.nextInt(random.nextBoolean() ? 3 : 200);
        ranges.add(first, count);
        model.set(first, first + count);
        added += count;
      }
      assertThat(ranges.pages()).isEqualTo(added);
      assertThat(pagesOf(ranges)).isEqualTo(model);

      ranges.normalise();

      assertThat(pagesOf(ranges)).as("seed %d", seed).isEqualTo(model);
      assertThat(ranges.pages()).as("seed %d", seed).isEqualTo(model.cardinality());
      for (int i = 1; i < ranges.size(); i++) {
        assertThat(ranges.firstPage(i))
            .as("seed %d: touching ranges are joined", seed)
            .isGreaterThan(ranges.firstPage(i - 1) + ranges.count(i - 1));
      }
    }
  }

  @Test
  void neighboursAreJoinedAsTheyCome() {
    PageRanges ranges = new PageRanges();
    ranges.add(5, 2);
    ranges.add(7, 1);
    ranges.add(9, 1);
    assertThat(ranges.size()).isEqualTo(2);
    assertThat(ranges.count(0)).isEqualTo(3);
    PageRanges all = new PageRanges();
    all.add(1, 1);
    all.addAll(ranges);
    assertThat(all.pages()).isEqualTo(5);
    all.clear();
    assertThat(all.size()).isZero();
    assertThat(all.pages()).isZero();
  }

  @Test
  void rangesTooLongForOneCountAreKeptApart() {
    PageRanges ranges = new PageRanges();
    ranges.add(0, Integer.MAX_VALUE);
    ranges.add(Integer.MAX_VALUE, 10);
    assertThat(ranges.size()).isEqualTo(2);
    assertThat(ranges.pages()).isEqualTo(Integer.MAX_VALUE + 10L);
  }

  @Test
  void rangesThatAreNoneAreRefused() {
    PageRanges ranges = new PageRanges();
    assertThatThrownBy(() -> ranges.add(-1, 1)).isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> ranges.add(1, 0)).isInstanceOf(IllegalArgumentException.class);
  }
}
