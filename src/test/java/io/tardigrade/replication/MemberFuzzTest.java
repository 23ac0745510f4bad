package io.tardigrade.replication;

import static org.assertj.core.api.Assertions.assertThat;

import io.tardigrade.replication.Message.Beat;
import io.tardigrade.replication.Message.Condition;
import io.tardigrade.replication.Message.Newer;
import io.tardigrade.replication.Message.Part;
import io.tardigrade.replication.Message.Report;
import io.tardigrade.replication.Message.SyncRequest;
import io.tardigrade.replication.Message.SyncUnits;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** A peer that has a certificate and says whatever can be said. */
class MemberFuzzTest {
  private static final String[] HOSTS = {OneHost.NAME, "a", "c"};

  private static final class Run {
    private final OneHost host = new OneHost();
    private final Random random;

    Run(long seed) {
      random = new Random(seed);
    }

    /** Mostly what is near to what the member knows, sometimes what is at a bound. */
    private long number() {
      return switch (random.nextInt(8)) {
        case 0 -> Long.MAX_VALUE - random.nextInt(2);
        case 1 -> WireFormat.COUNT_MAX - random.nextInt(2);
        default -> random.nextInt(8);
      };
    }

    private int small() {
      return random.nextInt(9) == 0 ? Integer.MAX_VALUE - random.nextInt(2) : random.nextInt(5);
    }

    private EpochId id() {
      List<EpochId> known = new ArrayList<>(host.store.tail());
      known.add(host.store.base());
      return random.nextBoolean()
          ? known.get(random.nextInt(known.size()))
          : new EpochId(number(), number());
    }

    private View view() {
      long number = Math.max(1, number());
      long reign = random.nextBoolean() ? number : Math.min(number, number());
      List<String> names = new ArrayList<>(List.of(HOSTS));
      String primary = names.remove(random.nextInt(names.size()));
      return new View(number, reign, primary, names.subList(0, random.nextInt(3)));
    }

    private ByteBuffer bytes() {
      return ByteBuffer.allocate(random.nextInt(20) == 0 ? 64 << 10 : 16 * random.nextInt(9));
    }

    private Message message() {
      long view = random.nextBoolean() ? host.member().view().number() : number();
      return switch (random.nextInt(6)) {
        case 0 -> new Beat(view(), number(), id(), random.nextLong());
        case 1 ->
            new Part(view, number(), id(), id(), id(), small(), Math.max(1, small()), bytes());
        case 2 ->
            new Report(
                view,
                number(),
                random.nextInt(2),
                id(),
                small(),
                Condition.values()[random.nextInt(3)],
                number(),
                random.nextLong());
        case 3 -> new SyncRequest(view, number(), random.nextInt(2), number(), small(), bytes());
        case 4 ->
            new SyncUnits(view, number(), random.nextInt(2), id(), number(), small(), bytes());
        default -> new Newer(view);
      };
    }

    /** One thing more that may happen to a member. */
    private void happens() throws StoreFullException {
      switch (random.nextInt(12)) {
        case 0 -> host.pass(random.nextInt(16) * Timeouts.BEAT_NANOS);
        case 1 -> host.view(1 + random.nextInt(4), HOSTS[1], HOSTS[0], HOSTS[2]);
        case 2 -> {
          if (!host.proposed.isEmpty()) {
            host.view(host.proposed.getLast());
          }
        }
        case 3 -> host.view(host.member().view());
        case 4 -> {
          if (host.member().mayCapture()) {
            host.capture();
          }
        }
        default -> say();
      }
    }

    private void say() {
      Message message;
      try {
        message = WireFormat.decode(WireFormat.encode(message()));
      } catch (WireException e) {
        assertThat(e.getMessage()).doesNotContain("\n");
        return;
      }
      host.hears(HOSTS[1 + random.nextInt(2)], message);
    }

    void play() throws StoreFullException {
      host.store.whole = random.nextInt(4) > 0;
      host.member().protect(random.nextInt(3), 1);
      host.member()
          .onHosts(List.of(new HostRoom("a", "", 1, true), new HostRoom("c", "", 1, true)));
      for (int i = 0; i < 120; i++) {
        happens();
        // A primary's own, and one more of whoever led before it.
        assertThat(host.store.records()).isLessThanOrEqualTo(2 * Timeouts.RECORDS_MAX + 2);
        assertThat(host.store.payloadBytes()).isLessThanOrEqualTo(HeapStore.ROOM_BYTES);
      }
    }
  }

  @Test
  void whatAPeerSaysNeitherCrashesNorFillsAMember() {
    int led = 0;
    for (long seed = 0; seed < 4000; seed++) {
      Run run = new Run(seed);
      try {
        run.play();
      } catch (Exception | AssertionError e) {
        throw new AssertionError("seed " + seed + ": " + e, e);
      }
      led += run.host.runs ? 1 : 0;
    }
    assertThat(led).as("runs that end with the guest here").isGreaterThan(100);
  }
}
