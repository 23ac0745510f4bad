package io.tardigrade.coordination;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Test;

class HostEntryTest {
  private static HostInfo host(String name, String zone, long freeBytes, boolean ready) {
    return new HostInfo(
        name, zone, freeBytes, ready, "10.9.0.1", 7420, "0.1.0", ready ? "full" : "witness", 3);
  }

  @Test
  void everyHostComesOutAsItWentIn() {
    for (HostInfo room :
        new HostInfo[] {host("a", "east", 1L << 50, true), host("b", "", 0, false)}) {
      assertThat(HostEntry.decode(room.name(), HostEntry.encode(room))).contains(room);
    }
    assertThatThrownBy(() -> HostEntry.encode(host("a", "far east", 1, true)))
        .isInstanceOf(IllegalArgumentException.class);
  }

  /** Any bytes are what a host says of itself, and that only, or nothing. */
  static void fuzz(byte[] bytes) {
    Optional<HostInfo> room = HostEntry.decode("a", bytes);
    room.ifPresent(r -> assertThat(HostEntry.decode("a", HostEntry.encode(r))).contains(r));
  }

  @Test
  void anyBytesAreAHostOrNone() {
    fuzz(new byte[1 << 20]);
    for (long seed = 0; seed < 20_000; seed++) {
      Random random = new Random(seed);
      byte[] bytes = HostEntry.encode(host("a", "z1", random.nextInt(), true));
      for (int i = random.nextInt(3); i > 0; i--) {
        bytes[random.nextInt(bytes.length)] = (byte) random.nextInt();
      }
      fuzz(bytes);
    }
  }
}
