package io.tardigrade.block;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Whatever bytes a client sends, a connection ends orderly and keeps no more than its buffers. */
class NbdFuzzTest {
  private static final int SIZE = 64 << 10;
  private static final int ROUNDS = 600;

  /** One connection that says {@code said}; for a fuzzer to call. */
  static void fuzz(byte[] said) {
    try {
      Volume volume = NbdSession.volume(SIZE);
      MemoryChannel channel = new MemoryChannel(said, said.length);
      try {
        NbdSession.serve(channel, NbdSession.exports(volume));
      } catch (IOException e) {
        // Hanging up is a proper answer to nonsense.
        assertThat(e.getMessage()).isNotBlank();
      }
      volume.read(0, ByteBuffer.allocate(SIZE));
      assertThat(channel.heard().remaining())
          .isLessThan(10_000 + said.length / 4 * (SIZE + 10_000));
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2})
  void noBytesBreakTheServer(long seed) {
    Random random = new Random(seed);
    for (int round = 0; round < ROUNDS; round++) {
      byte[] said = session(random).bytes();
      mutate(said, random);
      try {
        fuzz(said);
      } catch (RuntimeException | AssertionError e) {
        throw new AssertionError("seed " + seed + " round " + round, e);
      }
    }
  }

  private static NbdSession session(Random random) {
    NbdSession session = new NbdSession().flags(random.nextInt(4));
    for (int i = random.nextInt(4); i > 0; i--) {
      session.option(random.nextInt(12), new byte[random.nextInt(20)]);
    }
    if (random.nextBoolean()) {
      session.option(NbdWire.OPT_STRUCTURED_REPLY, new byte[0]);
    }
    if (random.nextBoolean()) {
      session.go(random.nextInt(4) == 0 ? "rom" : "disk", random.nextInt(4), random.nextInt(4));
    } else {
      session.option(NbdWire.OPT_EXPORT_NAME, "disk".getBytes(StandardCharsets.UTF_8));
    }
    for (int i = random.nextInt(6); i > 0; i--) {
      int command = random.nextInt(8);
      int length = random.nextInt(3000);
      int flags = random.nextInt(3) == 0 ? random.nextInt(32) : 0;
      session.request(flags, command, random.nextLong(), random.nextInt(SIZE), length);
      if (command == NbdWire.CMD_WRITE) {
        session.raw(new byte[length]);
      }
    }
    return session;
  }

  private static void mutate(byte[] bytes, Random random) {
    for (int i = random.nextInt(5); i > 0; i--) {
      int at = random.nextInt(bytes.length);
      bytes[at] =
          switch (random.nextInt(3)) {
            case 0 -> (byte) random.nextInt();
            case 1 -> (byte) (bytes[at] ^ (1 << random.nextInt(8)));
            default -> (byte) (random.nextBoolean() ? 0xff : 0x7f);
          };
    }
  }
}
