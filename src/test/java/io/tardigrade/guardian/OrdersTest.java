package io.tardigrade.guardian;

import static org.assertj.core.api.Assertions.assertThat;

import io.tardigrade.cluster.LonePorts;
import io.tardigrade.cluster.MemberThread;
import io.tardigrade.replication.EpochId;
import io.tardigrade.replication.Identity;
import io.tardigrade.replication.Rules;
import java.time.Instant;
import java.util.Objects;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class OrdersTest {
  private static final long LEAVE_MILLIS_MAX = 10_000;

  private final MemberThread member =
      new MemberThread(new Identity("a", 1), new LonePorts().ports(), new Rules(), failure -> {});
  private final Orders orders = new Orders(member);
  private final Reign reign = new Reign(EpochId.NONE, new PredecessorLoss("", "", Instant.EPOCH));

  @BeforeEach
  void start() {
    member.start();
  }

  @AfterEach
  void end() {
    member.close();
  }

  @Test
  void memberThatTakesBackWhatItOrderedDoesNotWaitForWhoAsksIt() throws Exception {
    CountDownLatch asked = new CountDownLatch(1);
    Future<Boolean> left =
        member.call(m -> {
          awaitQuietly(asked);
          orders.order(reign);
          return reign.end(LEAVE_MILLIS_MAX);
        });
    Object said = orders.ask(m -> "an answer that comes behind it", asked::countDown);
    assertThat(said).isNull();
    Reign ordered = Objects.requireNonNull(orders.await(1_000));
    assertThat(ordered).isSameAs(reign);
    ordered.left();
    assertThat(left.get()).as("the main thread has left it in time").isTrue();
  }

  @Test
  void memberThatIsBusyIsWaitedFor() throws Exception {
    CountDownLatch waited = new CountDownLatch(3);
    Future<Boolean> busy =
        member.call(m -> {
          awaitQuietly(waited);
          return true;
        });
    String said = orders.ask(m -> "said", waited::countDown);
    assertThat(said).isEqualTo("said");
    assertThat(busy.get()).isTrue();
    assertThat(orders.await(1)).as("nothing is ordered").isNull();
  }

  private static void awaitQuietly(CountDownLatch latch) {
    try {
      assertThat(latch.await(LEAVE_MILLIS_MAX, TimeUnit.MILLISECONDS)).isTrue();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
