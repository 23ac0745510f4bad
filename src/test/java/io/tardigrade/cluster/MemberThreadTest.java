package io.tardigrade.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import io.tardigrade.replication.Identity;
import io.tardigrade.replication.Member;
import io.tardigrade.replication.Message;
import io.tardigrade.replication.Rules;
import io.tardigrade.replication.Timeouts;
import io.tardigrade.replication.View;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What others hear of a member that is busy. */
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class MemberThreadTest {
  private static final long WORK_NANOS = Timeouts.BUSY_NANOS_MAX + 1_500_000_000;

  private final LonePorts ports = new LonePorts();
  private final List<Throwable> failures = new CopyOnWriteArrayList<>();

  /** When its beats left while it led and did this, from the beginning of that. */
  private List<Long> beatsWhile(Runnable work) throws Exception {
    ports.store.whole = true;
    try (MemberThread member =
        new MemberThread(new Identity("a", 1), ports.ports(), new Rules(), failures::add)) {
      member.start();
      long began = member.call(m -> leadAnd(m, work)).get();
      assertThat(failures).isEmpty();
      return ports.sent.stream()
          .filter(sent -> sent.to().equals("b") && sent.message() instanceof Message.Beat)
          .map(sent -> sent.atNanos() - began)
          .filter(nanos -> nanos < WORK_NANOS)
          .toList();
    }
  }

  private long leadAnd(Member member, Runnable work) {
    long now = System.nanoTime();
    member.onView(new View(1, 1, "a", List.of("b")), now);
    member.onView(ports.proposed.getLast(), now);
    member.tick(now + Timeouts.BEAT_NANOS);
    assertThat(ports.sent).isNotEmpty();
    work.run();
    return now;
  }

  @Test
  void memberThatComputesIsHeardForLongerThanOneThatWaits() throws Exception {
    List<Long> beats =
        beatsWhile(() -> {
          long end = System.nanoTime() + WORK_NANOS;
          while (System.nanoTime() < end) {
            Thread.onSpinWait();
          }
        });
    assertThat(beats.getLast()).isGreaterThan(Timeouts.BUSY_NANOS_MAX + 500_000_000);
  }

  @Test
  void memberThatWaitsFallsSilent() throws Exception {
    List<Long> beats =
        beatsWhile(() -> {
          long end = System.nanoTime() + WORK_NANOS;
          while (System.nanoTime() < end) {
            LockSupport.parkNanos(WORK_NANOS);
          }
        });
    assertThat(beats.getLast())
        .isBetween(TimeUnit.MILLISECONDS.toNanos(100), Timeouts.BUSY_NANOS_MAX + 1_000_000_000);
  }
}
