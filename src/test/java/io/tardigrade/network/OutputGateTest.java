package io.tardigrade.network;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

class OutputGateTest {
  private static final long SMALL = 4L * FrameQueue.CHUNK_BYTES;
  private final MemorySegment scratch = Arena.ofAuto().allocate(FrameReader.FRAME_BYTES_MAX, 8);

  @Test
  void frameIsNotReleasedBeforeItsEpochCommits() throws IOException {
    OutputGate gate = new OutputGate(0);
    List<Long> out = new ArrayList<>();
    append(gate, 1, 60);
    gate.closeEpoch(1);
    append(gate, 2, 60);
    assertThat(gate.release(1, sink(out))).isEqualTo(1);
    assertThat(out).containsExactly(1L);
    assertThatThrownBy(() -> gate.release(2, sink(out))).hasMessageContaining("epoch 2");
    gate.closeEpoch(2);
    append(gate, 3, 60);
    gate.release(2, sink(out));
    assertThat(out).containsExactly(1L, 2L);
    assertThat(gate.openFrames()).isEqualTo(1);
  }

  @Test
  void randomInterleavingsKeepTheOutputRule() throws IOException {
    for (long seed = 1; seed <= 60; seed++) {
      new Run(seed).go();
    }
  }

  /**
   * A model of what the gate promises, kept beside it: which frame belongs to which epoch, and what
   * is committed.
   */
  private final class Run {
    private final long seed;
    private final Random random;
    private final OutputGate gate = new OutputGate(10, SMALL);
    private final TreeMap<Long, Long> epochOfFrame = new TreeMap<>();
    private final List<Long> expected = new ArrayList<>();
    private final List<Long> out = new ArrayList<>();
    private long nextFrame = 1;
    private long open = 11;
    private long committed = 10;

    Run(long seed) {
      this.seed = seed;
      this.random = new Random(seed);
    }

    void go() throws IOException {
      for (int step = 0; step < 2000; step++) {
        switch (random.nextInt(12)) {
          case 0, 1 -> gate.closeEpoch(open++);
          case 2, 3 -> commit();
          case 4 -> rollBackSometimes();
          default -> send();
        }
        check();
      }
    }

    private void send() {
      int length =
          random.nextInt(30) == 0 ? 14 + random.nextInt(65_000) : 14 + random.nextInt(1500);
      boolean full = gate.isFull();
      if (append(gate, nextFrame, length)) {
        epochOfFrame.put(nextFrame++, open);
      } else {
        assertThat(full).as("seed " + seed).isTrue();
      }
    }

    private void commit() throws IOException {
      if (open - 1 > committed) {
        committed += 1 + random.nextInt((int) (open - 1 - committed));
        epochOfFrame.forEach((frame, epoch) -> {
          if (epoch <= committed) {
            expected.add(frame);
          }
        });
        epochOfFrame.values().removeIf(epoch -> epoch <= committed);
      }
      gate.release(committed, sink(out));
    }

    private void rollBackSometimes() {
      if (random.nextInt(5) == 0) {
        assertThat(gate.dropUncommitted()).as("seed " + seed).isEqualTo(epochOfFrame.size());
        epochOfFrame.clear();
        open = committed + 1;
      }
    }

    private void check() {
      String as = "seed " + seed;
      assertThat(out).as(as).hasSameSizeAs(expected);
      if (!out.isEmpty()) {
        assertThat(out.getLast()).as(as).isEqualTo(expected.getLast());
      }
      assertThat(gate.waitingFrames()).as(as).isEqualTo(epochOfFrame.size());
      assertThat(gate.openFrames())
          .as(as)
          .isEqualTo(epochOfFrame.values().stream().filter(e -> e == open).count());
      if (!epochOfFrame.isEmpty()) {
        assertThat(gate.oldestNanos()).as(as).isEqualTo(epochOfFrame.firstKey() * 1000);
      }
      assertThat(gate.memoryBytes()).as(as).isLessThanOrEqualTo(SMALL);
      if (random.nextInt(500) == 0) {
        assertThat(out).as(as).isEqualTo(expected);
      }
    }
  }

  @Test
  void frameGivenToAFailingSinkIsNotSentTwice() throws IOException {
    OutputGate gate = new OutputGate(0);
    for (int i = 1; i <= 3; i++) {
      append(gate, i, 60);
    }
    gate.closeEpoch(1);
    List<Long> out = new ArrayList<>();
    assertThatThrownBy(() ->
            gate.release(
                1,
                (memory, offset, length) -> {
                  sink(out).frame(memory, offset, length);
                  if (out.size() == 2) {
                    throw new IOException("no");
                  }
                }))
        .isInstanceOf(IOException.class);
    assertThat(gate.waitingFrames()).isEqualTo(1);
    gate.release(1, sink(out));
    assertThat(out).containsExactly(1L, 2L, 3L);
  }

  @Test
  void fullGateRefusesAndTakesAgainAfterARelease() throws IOException {
    OutputGate gate = new OutputGate(0, FrameQueue.CHUNK_BYTES);
    long count = 0;
    while (append(gate, count, 1000)) {
      count++;
    }
    assertThat(gate.isFull()).isTrue();
    assertThat(count * 1000)
        .isBetween(FrameQueue.CHUNK_BYTES * 9L / 10, (long) FrameQueue.CHUNK_BYTES);
    gate.closeEpoch(1);
    assertThat(gate.release(1, (memory, offset, length) -> {})).isEqualTo(count);
    assertThat(gate.isFull()).isFalse();
    assertThat(append(gate, 1, 1000)).isTrue();
  }

  @Test
  void burstGivesItsMemoryBack() throws IOException {
    OutputGate gate = new OutputGate(0);
    while (append(gate, 1, 60_000)) {}
    assertThat(gate.memoryBytes()).isEqualTo(OutputGate.BYTES_MAX_DEFAULT);
    gate.closeEpoch(1);
    gate.release(1, (memory, offset, length) -> {});
    assertThat(gate.memoryBytes()).isLessThanOrEqualTo(8L * FrameQueue.CHUNK_BYTES);
  }

  @Test
  void epochsAreClosedInOrderOnly() {
    OutputGate gate = new OutputGate(7);
    assertThatThrownBy(() -> gate.closeEpoch(7)).hasMessageContaining("after epoch 7");
    gate.closeEpoch(8);
    assertThatThrownBy(() -> gate.closeEpoch(8)).isInstanceOf(IllegalArgumentException.class);
    gate.dropUncommitted();
    gate.closeEpoch(8);
  }

  private boolean append(OutputGate gate, long number, int length) {
    scratch.set(ValueLayout.JAVA_LONG, 0, number);
    scratch.set(ValueLayout.JAVA_BYTE, length - 1, (byte) (number * 31));
    return gate.append(scratch, 0, length, number * 1000);
  }

  private static FrameSink sink(List<Long> out) {
    return (memory, offset, length) -> {
      long number = memory.get(ValueLayout.JAVA_LONG_UNALIGNED, offset);
      assertThat(memory.get(ValueLayout.JAVA_BYTE, offset + length - 1))
          .isEqualTo((byte) (number * 31));
      out.add(number);
    };
  }
}
