package io.tardigrade.coordination;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.tardigrade.replication.HostRoom;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Test;

class HostEntryTest {
  @Test
  void everyHostComesOutAsItWentIn() {
    for (HostRoom room :
        new HostRoom[] {
          new HostRoom("a", "east", 1L << 50, true), new HostRoom("b", "", 0, false)
        }) {
      assertThat(HostEntry.decode(room.host(), HostEntry.encode(room))).contains(room);
    }
    assertThatThrownBy(() -> HostEntry.encode(new HostRoom("a", "far east", 1, true)))
        .isInstanceOf(IllegalArgumentException.class);
  }

  /** Any bytes are what a host says of itself, and that only, or nothing. */
  static void fuzz(byte[] bytes) {
    Optional<HostRoom> room = HostEntry.decode("a", bytes);
    room.ifPresent(r -> assertThat(HostEntry.decode("a", HostEntry.encode(r))).contains(r));
  }

  @Test
  void anyBytesAreAHostOrNone() {
    fuzz(new byte[1 << 20]);
    for (long seed = 0; seed < 20_000; seed++) {
      Random random = new Random(seed);
      byte[] bytes = HostEntry.encode(new HostRoom("a", "z1", random.nextInt(), true));
      for (int i = random.nextInt(3); i > 0; i--) {
        bytes[random.nextInt(bytes.length)] = (byte) random.nextInt();
      }
      fuzz(bytes);
    }
  }
}
