package io.tardigrade.network;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

class InboundLogTest {
  private final MemorySegment scratch = Arena.ofAuto().allocate(2048, 8);

  @Test
  void onlyFramesSinceTheCommittedCheckpointAreReplayed() throws IOException {
    InboundLog log = new InboundLog();
    append(log, 1);
    log.mark(5);
    append(log, 2);
    log.mark(6);
    append(log, 3);
    log.committed(5);
    assertThat(replay(log)).containsExactly(2L, 3L);
    // Lost again before anything was committed: the same once more.
    assertThat(replay(log)).containsExactly(2L, 3L);
    log.mark(6);
    append(log, 4);
    log.committed(6);
    assertThat(replay(log)).containsExactly(4L);
  }

  @Test
  void randomHistoriesReplayWhatTheModelSays() throws IOException {
    for (long seed = 1; seed <= 40; seed++) {
      Random random = new Random(seed);
      InboundLog log = new InboundLog(FrameQueue.CHUNK_BYTES * 2L, 50);
      List<Long> model = new ArrayList<>();
      TreeMap<Long, Long> marks = new TreeMap<>();
      long next = 1;
      long epoch = 1;
      long committed = 0;
      for (int step = 0; step < 1500; step++) {
        switch (random.nextInt(8)) {
          case 0 -> {
            marks.put(epoch, next);
            log.mark(epoch++);
          }
          case 1 -> {
            if (epoch - 1 > committed) {
              committed += 1 + random.nextInt((int) (epoch - 1 - committed));
              long from = marks.floorEntry(committed).getValue();
              model.removeIf(frame -> frame < from);
              log.committed(committed);
            }
          }
          case 2 -> {
            assertThat(replay(log)).as("seed " + seed).isEqualTo(model);
            epoch = committed + 1;
            marks.tailMap(epoch, true).clear();
          }
          default -> {
            append(log, next);
            model.add(next++);
            if (model.size() > 50) {
              model.removeFirst();
            }
          }
        }
      }
    }
  }

  @Test
  void overflowingLogForgetsTheOldestAndStaysBounded() throws IOException {
    InboundLog log = new InboundLog(FrameQueue.CHUNK_BYTES, 1_000_000);
    for (long i = 1; i <= 5000; i++) {
      append(log, i);
    }
    List<Long> kept = replay(log);
    assertThat(kept.getLast()).isEqualTo(5000);
    assertThat(kept.getFirst()).isEqualTo(5001 - kept.size());
    assertThat(log.overflowed()).isEqualTo(5000 - kept.size());
    assertThat(log.bytes()).isLessThanOrEqualTo(FrameQueue.CHUNK_BYTES);
  }

  @Test
  void marksThatNeverCommitAreBounded() throws IOException {
    InboundLog log = new InboundLog();
    for (long epoch = 1; epoch <= 5000; epoch++) {
      append(log, epoch);
      log.mark(epoch);
    }
    log.committed(4999);
    assertThat(replay(log)).containsExactly(5000L);
  }

  private void append(InboundLog log, long number) {
    scratch.set(ValueLayout.JAVA_LONG, 0, number);
    log.append(scratch, 0, 500);
  }

  private static List<Long> replay(InboundLog log) throws IOException {
    List<Long> frames = new ArrayList<>();
    log.replay((m, o, n) -> frames.add(m.get(ValueLayout.JAVA_LONG_UNALIGNED, o)));
    return frames;
  }
}
