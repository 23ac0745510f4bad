package io.tardigrade.links;

import static org.assertj.core.api.Assertions.assertThat;

import io.tardigrade.replication.EpochId;
import io.tardigrade.replication.Message;
import io.tardigrade.replication.Message.Newer;
import io.tardigrade.replication.Message.Part;
import io.tardigrade.replication.WireFormat;
import java.nio.ByteBuffer;
import org.junit.jupiter.api.Test;

class OutboxTest {
  private final Outbox outbox = new Outbox();

  private static Part part(int number, int bytes) {
    EpochId id = EpochId.NONE;
    return new Part(1, 1, id, id, id, number, 1000, ByteBuffer.allocate(bytes));
  }

  private Message next() throws Exception {
    ByteBuffer bytes = outbox.take(0);
    return bytes == null ? null : WireFormat.decode(bytes);
  }

  @Test
  void shortMessagesOvertakeLongOnesAndEachKindKeepsItsOrder() throws Exception {
    outbox.put(part(0, 10));
    outbox.put(part(1, 10));
    outbox.put(new Newer(7));
    outbox.put(new Newer(8));
    assertThat(next()).isEqualTo(new Newer(7));
    assertThat(next()).isEqualTo(new Newer(8));
    assertThat(next()).isEqualTo(part(0, 10));
    assertThat(next()).isEqualTo(part(1, 10));
    assertThat(next()).isNull();
  }

  @Test
  void whatItKeepsIsBoundedAndTheNewestBeatsAndOldestPagesStay() throws Exception {
    for (int i = 0; i < 1000; i++) {
      outbox.put(part(i, 256 << 10));
      outbox.put(new Newer(i));
      assertThat(outbox.longBytes())
          .isLessThan(Outbox.LONG_BYTES_MAX + WireFormat.MESSAGE_BYTES_MAX);
    }
    for (int i = 1000 - Outbox.SHORT_MAX; i < 1000; i++) {
      assertThat(next()).isEqualTo(new Newer(i));
    }
    assertThat(next()).isEqualTo(part(0, 256 << 10));
    outbox.put(part(5, 256 << 10));
    outbox.clear();
    assertThat(outbox.longBytes()).isZero();
    assertThat(next()).isNull();
  }

  @Test
  void payloadMayBeOverwrittenOnceItIsHandedIn() throws Exception {
    Part part = part(0, 100);
    outbox.put(part);
    part.payload().put(3, (byte) 9);
    assertThat(next()).isEqualTo(part(0, 100));
  }

  @Test
  void whoWaitsIsWokenByAMessageAndByTheEnd() throws Exception {
    Thread.ofVirtual().start(() -> outbox.put(new Newer(1)));
    assertThat(outbox.take(20_000)).isNotNull();
    Thread.ofVirtual().start(outbox::close);
    assertThat(outbox.take(20_000)).isNull();
    outbox.put(new Newer(2));
    assertThat(outbox.take(0)).isNull();
  }
}
