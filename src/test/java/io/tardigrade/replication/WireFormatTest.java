package io.tardigrade.replication;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.tardigrade.replication.Message.Beat;
import io.tardigrade.replication.Message.Condition;
import io.tardigrade.replication.Message.Newer;
import io.tardigrade.replication.Message.Part;
import io.tardigrade.replication.Message.Report;
import io.tardigrade.replication.Message.SyncRequest;
import io.tardigrade.replication.Message.SyncUnits;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Random;
import java.util.zip.CRC32C;
import org.junit.jupiter.api.Test;

class WireFormatTest {
  private static Message any(Random random) {
    long view = 1 + (random.nextLong() >>> 1) % 1000;
    return switch (random.nextInt(6)) {
      case 0 ->
          new Beat(
              new View(view, view - random.nextInt((int) view), "a.host-1", backups(random)),
              count(random),
              id(random),
              random.nextLong());
      case 1 -> {
        int parts = 1 + random.nextInt(1000);
        yield new Part(
            view,
            count(random),
            id(random),
            id(random),
            id(random),
            random.nextInt(parts),
            parts,
            bytes(random));
      }
      case 2 ->
          new Report(
              view,
              count(random),
              random.nextLong(),
              id(random),
              random.nextInt(9),
              Condition.values()[random.nextInt(3)],
              count(random),
              random.nextLong());
      case 3 ->
          new SyncRequest(view, count(random), random.nextLong(), count(random), 1, bytes(random));
      case 4 ->
          new SyncUnits(
              view, count(random), random.nextLong(), id(random), count(random), 1, bytes(random));
      default -> new Newer(view);
    };
  }

  private static List<String> backups(Random random) {
    return List.of("b", "c_2", "d".repeat(WireFormat.NAME_BYTES_MAX)).subList(0, random.nextInt(4));
  }

  private static long count(Random random) {
    return random.nextLong() >>> 4;
  }

  private static EpochId id(Random random) {
    return new EpochId(count(random), count(random));
  }

  private static ByteBuffer bytes(Random random) {
    byte[] bytes = new byte[random.nextInt(300)];
    random.nextBytes(bytes);
    return ByteBuffer.wrap(bytes);
  }

  @Test
  void everyMessageComesOutAsItWentIn() throws Exception {
    for (long seed = 0; seed < 20_000; seed++) {
      Message message = any(new Random(seed));
      ByteBuffer bytes = WireFormat.encode(message);
      assertThat(WireFormat.messageBytes(bytes)).as("seed %d", seed).isEqualTo(bytes.remaining());
      assertThat(WireFormat.decode(bytes)).as("seed %d", seed).isEqualTo(message);
    }
  }

  @Test
  void oneWrongBitIsNoticed() {
    for (long seed = 0; seed < 5_000; seed++) {
      Random random = new Random(seed);
      ByteBuffer bytes = WireFormat.encode(any(random));
      int place = random.nextInt(bytes.limit());
      bytes.put(place, (byte) (bytes.get(place) ^ (1 << random.nextInt(8))));
      assertThatThrownBy(() -> WireFormat.decode(bytes))
          .as("seed %d", seed)
          .isInstanceOf(WireException.class);
    }
  }

  @Test
  void longestMessageFitsAndALongerOneIsRefusedByItsHead() throws Exception {
    Part part =
        new Part(
            1,
            2,
            EpochId.NONE,
            EpochId.NONE,
            EpochId.NONE,
            0,
            1,
            ByteBuffer.allocate(WireFormat.PAYLOAD_BYTES_MAX));
    ByteBuffer bytes = WireFormat.encode(part);
    assertThat(bytes.remaining()).isLessThanOrEqualTo(WireFormat.MESSAGE_BYTES_MAX);
    assertThat(WireFormat.decode(bytes)).isEqualTo(part);
    for (int length : new int[] {-1, 0, 8, WireFormat.MESSAGE_BYTES_MAX, Integer.MAX_VALUE}) {
      ByteBuffer head = ByteBuffer.allocate(8).putInt(0, length);
      assertThatThrownBy(() -> WireFormat.messageBytes(head)).isInstanceOf(WireException.class);
    }
  }

  /** Any bytes, given a right length and checksum, are a message or refused in one line. */
  static void fuzz(byte[] body) {
    ByteBuffer bytes = ByteBuffer.allocate(WireFormat.HEAD_BYTES + body.length);
    CRC32C crc = new CRC32C();
    crc.update(body);
    bytes.putInt(body.length).putInt((int) crc.getValue()).put(body).flip();
    try {
      Message message = WireFormat.decode(bytes);
      assertThat(WireFormat.decode(WireFormat.encode(message))).isEqualTo(message);
    } catch (WireException e) {
      assertThat(e.getMessage()).doesNotContain("\n").isNotEmpty();
    }
  }

  @Test
  void anyBytesAreAMessageOrRefused() {
    for (long seed = 0; seed < 60_000; seed++) {
      Random random = new Random(seed);
      ByteBuffer bytes = WireFormat.encode(any(random));
      byte[] body = new byte[Math.max(0, bytes.limit() - WireFormat.HEAD_BYTES - cut(random))];
      bytes.get(WireFormat.HEAD_BYTES, body);
      for (int i = random.nextInt(4); i > 0 && body.length > 0; i--) {
        body[random.nextInt(Math.min(body.length, 80))] = (byte) random.nextInt();
      }
      fuzz(body);
    }
  }

  private static int cut(Random random) {
    return random.nextInt(4) == 0 ? random.nextInt(40) : 0;
  }
}
