package io.tardigrade.preserve;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Where preserved memory is put. */
class RegionTest {
  private static final long MIB = 1L << 20;
  private static final long GIB = 1L << 30;
  private static final String IOMEM =
      """
      00000000-00000fff : Reserved
      00001000-0009fbff : System RAM
      00100000-bffdffff : System RAM
        01000000-01ffffff : Kernel code
      fee00000-fee00fff : Local APIC
      100000000-23fffffff : System RAM
      """;

  @Test
  void memoryIsReadFromTheKernelsMap() {
    assertThat(Region.usableMemory(IOMEM))
        .containsExactly(
            new Region(0x1000, 0x9ec00 - 0x1000 + 0x1000),
            new Region(0x100000, 0xbffe0000L - 0x100000),
            new Region(4 * GIB, 5 * GIB));
    assertThat(Region.usableMemory("00000000-00000000 : System RAM\n")).isEmpty();
  }

  @Test
  void regionIsHighButAwayFromTheTop() {
    assertThat(Region.choose(Region.usableMemory(IOMEM), 4 * GIB))
        .isEqualTo(new Region(4 * GIB + 768 * MIB, 4 * GIB));
    assertThat(Region.choose(Region.usableMemory(IOMEM), GIB).argument())
        .isEqualTo("memmap=1024M!7936M");
  }

  @Test
  void whatCannotBeIsNamed() {
    List<Region> usable = Region.usableMemory(IOMEM);
    assertThatThrownBy(() -> Region.choose(usable, 100 * MIB)).hasMessageContaining("128 MiB");
    assertThatThrownBy(() -> Region.choose(usable, 8 * GIB)).hasMessageContaining("512 MiB");
    assertThatThrownBy(() -> Region.choose(usable, 7 * GIB)).hasMessageContaining("in one piece");
    assertThatThrownBy(() -> Region.choose(List.of(), 128 * MIB)).hasMessageContaining("512 MiB");
  }

  @Test
  void everyRegionChosenLiesInUsableMemoryAwayFromItsTop() {
    long seed = System.nanoTime();
    Random random = new Random(seed);
    for (int i = 0; i < 20_000; i++) {
      List<Region> usable = new ArrayList<>();
      long at = 4096;
      for (int range = 1 + random.nextInt(5); range > 0; range--) {
        at += random.nextInt(1 << 20) * 4096L;
        long bytes = (1 + random.nextInt(1 << 20)) * 4096L;
        usable.add(new Region(at, bytes));
        at += bytes;
      }
      long size = (1 + random.nextInt(40)) * Region.ALIGNMENT_BYTES;
      try {
        Region chosen = Region.choose(usable, size);
        assertThat(chosen.sizeBytes()).isEqualTo(size);
        assertThat(chosen.startBytes() % Region.ALIGNMENT_BYTES).isZero();
        assertThat(chosen.endBytes())
            .isLessThanOrEqualTo(usable.getLast().endBytes() - Region.TOP_DISTANCE_BYTES);
        assertThat(usable)
            .as("seed %d, try %d", seed, i)
            .anyMatch(range ->
                range.startBytes() <= chosen.startBytes() && chosen.endBytes() <= range.endBytes());
      } catch (IllegalArgumentException refused) {
        assertThat(refused.getMessage()).isNotBlank();
      }
    }
  }

  @Test
  void argumentIsReadBack() {
    Region region = new Region(GIB, 512 * MIB);
    assertThat(Region.of("quiet " + region.argument() + " panic=5")).contains(region);
    assertThat(Region.of("memmap=512M!1G")).contains(region);
    assertThat(Region.of("memmap=0x20000000!0x40000000")).contains(region);
    assertThat(Region.of("memmap=512M$1G")).isEmpty();
    assertThat(Region.of("memmap=99999999999999999999G!1G")).isEmpty();
    assertThat(Region.of("quiet")).isEmpty();
  }
}
