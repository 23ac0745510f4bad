package io.tardigrade.links;

import static org.assertj.core.api.Assertions.assertThat;

import io.tardigrade.replication.EpochId;
import io.tardigrade.replication.Message;
import io.tardigrade.replication.Message.Newer;
import io.tardigrade.replication.Message.Part;
import io.tardigrade.replication.WireException;
import io.tardigrade.replication.WireFormat;
import java.io.ByteArrayInputStream;
import java.io.DataInputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** A stream's bytes: its beginning, and message after message. */
class HelloTest {
  /** Any bytes are a beginning with messages behind it, or refused in one line; they end. */
  static int fuzz(byte[] bytes) {
    int messages = 0;
    DataInputStream in = new DataInputStream(new ByteArrayInputStream(bytes));
    try {
      Hello hello = Hello.read(in);
      assertThat(hello.encode()).isEqualTo(Arrays.copyOf(bytes, hello.encode().length));
      while (true) {
        Message message = LinkListener.read(in);
        assertThat(WireFormat.encode(message).remaining()).isLessThanOrEqualTo(bytes.length);
        messages++;
      }
    } catch (WireException e) {
      assertThat(e.getMessage()).doesNotContain("\n").isNotEmpty();
    } catch (IOException e) {
      assertThat(e).isInstanceOf(java.io.EOFException.class);
    }
    return messages;
  }

  private static byte[] stream(Random random) {
    ByteBuffer out = ByteBuffer.allocate(10_000);
    out.put(new Hello("g" + "x".repeat(random.nextInt(62))).encode());
    for (int i = random.nextInt(5); i >= 0; i--) {
      Message message =
          random.nextBoolean()
              ? new Newer(random.nextInt(100))
              : new Part(
                  1,
                  2,
                  EpochId.NONE,
                  EpochId.NONE,
                  EpochId.NONE,
                  0,
                  1,
                  ByteBuffer.allocate(random.nextInt(1000)));
      out.put(WireFormat.encode(message));
    }
    return Arrays.copyOf(out.array(), out.position());
  }

  @Test
  void anyBytesAreAStreamOrRefused() {
    int messages = 0;
    for (long seed = 0; seed < 20_000; seed++) {
      Random random = new Random(seed);
      byte[] bytes = stream(random);
      for (int i = random.nextInt(3); i > 0; i--) {
        bytes[random.nextInt(Math.min(bytes.length, 120))] = (byte) random.nextInt();
      }
      if (random.nextInt(4) == 0) {
        bytes = Arrays.copyOf(bytes, random.nextInt(bytes.length));
      }
      messages += fuzz(bytes);
    }
    assertThat(messages).isGreaterThan(20_000);
  }
}
