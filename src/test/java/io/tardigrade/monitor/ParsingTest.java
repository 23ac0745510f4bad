package io.tardigrade.monitor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ParsingTest {
  static final String MEMINFO =
      """
      MemTotal:       24684092 kB
      MemFree:        21786892 kB
      MemAvailable:   22009220 kB
      Buffers:          230040 kB
      Cached:           317776 kB
      SwapCached:            0 kB
      AnonPages:       2064380 kB
      Mapped:            67220 kB
      Shmem:            148944 kB
      KReclaimable:     162224 kB
      Slab:             193712 kB
      SReclaimable:     162224 kB
      SUnreclaim:        31488 kB
      KernelStack:        2292 kB
      PageTables:         6624 kB
      HardwareCorrupted:     4 kB
      HugePages_Total:       3
      Hugetlb:               0 kB
      """;
  static final String PRESSURE =
      """
      some avg10=7.41 avg60=1.42 avg300=0.31 total=53986494
      full avg10=7.08 avg60=1.35 avg300=0.29 total=12516315
      """;

  @Test
  void kernelMemoryIsWhatNobodyElseHolds() throws UnreadableException {
    MemInfo memory = MemInfo.parse(MEMINFO);
    assertThat(memory.totalBytes()).isEqualTo(24684092L << 10);
    assertThat(memory.availableBytes()).isEqualTo(22009220L << 10);
    assertThat(memory.corruptedBytes()).isEqualTo(4096);
    long others = 21786892 + 230040 + 317776 + 2064380 + 162224 + 4;
    assertThat(memory.kernelBytes()).isEqualTo((24684092 - others) << 10);
  }

  @Test
  void pagesThatAppearInNoLineAreTheKernels() throws UnreadableException {
    MemInfo before = MemInfo.parse(MEMINFO);
    MemInfo after = MemInfo.parse(MEMINFO.replace("21786892", "20786892"));
    assertThat(after.kernelBytes() - before.kernelBytes()).isEqualTo(1_000_000L << 10);
    assertThat(after.slabUnreclaimableBytes()).isEqualTo(before.slabUnreclaimableBytes());
  }

  @Test
  void pressureHasBothLines() throws UnreadableException {
    Pressure pressure = Pressure.parse(PRESSURE);
    assertThat(pressure.some()).isEqualTo(new Pressure.Stall(7.41, 1.42, 0.31, 53986494));
    assertThat(pressure.full60()).isEqualTo(1.35);
    assertThat(Pressure.parse(PRESSURE.lines().findFirst().orElseThrow()).full()).isNull();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "some",
        "full avg10=0.00 avg60=0.00 avg300=0.00 total=0",
        "some avg10=0.00 avg60=0.00 avg300=0.00 total=-1",
        "some avg10=1e9 avg60=0.00 avg300=0.00 total=0",
        "some avg10=0.00 avg60=0.00 avg300=0.00 total=99999999999999999999",
      })
  void pressureOfAnotherFormIsRefusedInOneLine(String text) {
    assertThatThrownBy(() -> Pressure.parse(text))
        .isInstanceOf(UnreadableException.class)
        .hasMessageContaining("/proc/pressure")
        .satisfies(e -> assertThat(e.getMessage()).hasLineCount(1));
  }

  @Test
  void aProcessHoldsItsAnonymousAndSwappedPages() throws UnreadableException {
    String text = "Rss: 1760 kB\nPss: 326 kB\nAnonymous:  112 kB\nSwap:  8 kB\n";
    assertThat(SmapsRollup.parse(text)).isEqualTo(new SmapsRollup(120 << 10, 1760 << 10));
    assertThatThrownBy(() -> SmapsRollup.parse("")).isInstanceOf(UnreadableException.class);
  }

  @Test
  void moduleWithoutALabelIsNamedByItsFolder() throws UnreadableException {
    assertThat(EdacCount.parse("mc0/dimm1", "\n", "12\n", "0\n"))
        .isEqualTo(new EdacCount("mc0/dimm1", 12, 0));
    assertThat(EdacCount.parse("mc0/dimm1", "CPU0_DIMM_A1\u001b[2J\n", "0", "1").module())
        .isEqualTo("CPU0_DIMM_A1 [2J");
    assertThatThrownBy(() -> EdacCount.parse("mc0", "", "many", "0"))
        .hasMessageContaining("mc0 corrected errors");
  }

  @Test
  void damagedTextIsReadOrRefusedAndNothingElse() {
    long seed = System.nanoTime();
    Random random = new Random(seed);
    byte[][] originals = {
      MEMINFO.getBytes(StandardCharsets.UTF_8), PRESSURE.getBytes(StandardCharsets.UTF_8)
    };
    for (int i = 0; i < 20_000; i++) {
      String text = mutated(random, originals[i % 2]);
      try {
        if (i % 2 == 0) {
          MemInfo memory = MemInfo.parse(text);
          assertThat(memory.kernelBytes()).as("seed %d try %d", seed, i).isNotNegative();
        } else {
          Pressure pressure = Pressure.parse(text);
          assertThat(pressure.some().percent60()).as("seed %d", seed).isBetween(0.0, 100.0);
        }
        SmapsRollup.parse(text);
      } catch (UnreadableException e) {
        assertThat(e.getMessage()).as("seed %d try %d", seed, i).hasLineCount(1);
      }
    }
  }

  static String mutated(Random random, byte[] original) {
    byte[] bytes = original.clone();
    for (int n = random.nextInt(4); n >= 0; n--) {
      int at = random.nextInt(bytes.length);
      switch (random.nextInt(3)) {
        case 0 -> bytes[at] = (byte) random.nextInt(256);
        case 1 -> bytes[at] = (byte) "0123456789 :;,=\n-.".charAt(random.nextInt(18));
        default -> {
          int from = random.nextInt(bytes.length);
          int length = Math.min(random.nextInt(40), bytes.length - Math.max(at, from));
          System.arraycopy(bytes.clone(), from, bytes, at, Math.max(0, length));
        }
      }
    }
    int end = random.nextInt(8) == 0 ? random.nextInt(bytes.length) : bytes.length;
    return new String(bytes, 0, end, StandardCharsets.UTF_8);
  }
}
