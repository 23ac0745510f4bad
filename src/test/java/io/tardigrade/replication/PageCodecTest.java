package io.tardigrade.replication;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.ByteBuffer;
import java.util.Random;
import org.junit.jupiter.api.Test;

class PageCodecTest {
  private static final int BYTES = PageCodec.UNIT_BYTES;

  /** Holds one unit. */
  private static final class One implements PageCodec.Units {
    byte[] unit = new byte[BYTES];

    @Override
    public void read(long number, byte[] into) {
      System.arraycopy(unit, 0, into, 0, BYTES);
    }

    @Override
    public void write(long number, byte[] bytes) {
      unit = bytes.clone();
    }
  }

  private static int sizeOf(byte[] before, byte[] now) throws WireException {
    try (PageCodec codec = new PageCodec()) {
      ByteBuffer out = ByteBuffer.allocate(PageCodec.ENTRY_BYTES_MAX);
      codec.encode(7, before, now, out);
      out.flip();
      One one = new One();
      one.unit = before.length == 0 ? noise(99) : before.clone();
      codec.decode(out, one);
      assertThat(one.unit).isEqualTo(now);
      return out.limit();
    }
  }

  private static byte[] noise(long seed) {
    byte[] bytes = new byte[BYTES];
    new Random(seed).nextBytes(bytes);
    return bytes;
  }

  @Test
  void everyUnitComesOutAsItWentInAndAsTheSmallestForm() throws Exception {
    byte[] noise = noise(1);
    byte[] changed = noise.clone();
    changed[100]++;
    changed[4095]++;
    byte[] text = "all work and no play ".repeat(200).substring(0, BYTES).getBytes("US-ASCII");
    assertThat(sizeOf(noise, new byte[BYTES])).isEqualTo(9);
    assertThat(sizeOf(noise, noise)).isEqualTo(9);
    assertThat(sizeOf(noise, changed)).isLessThan(32);
    assertThat(sizeOf(noise, text)).isLessThan(200);
    assertThat(sizeOf(new byte[0], text)).isLessThan(200);
    assertThat(sizeOf(noise(2), noise)).isEqualTo(PageCodec.ENTRY_BYTES_MAX);
    assertThat(sizeOf(new byte[0], noise)).isEqualTo(PageCodec.ENTRY_BYTES_MAX);
  }

  @Test
  void anyUnitComesOutAsItWentIn() throws Exception {
    for (long seed = 0; seed < 3000; seed++) {
      Random random = new Random(seed);
      byte[] before = random.nextBoolean() ? noise(seed) : new byte[BYTES];
      byte[] now = before.clone();
      for (int change = random.nextInt(1 << random.nextInt(11)); change > 0; change--) {
        int at = random.nextInt(BYTES);
        for (int i = at; i < Math.min(BYTES, at + random.nextInt(40)); i++) {
          now[i] = (byte) random.nextInt(3);
        }
      }
      sizeOf(random.nextInt(4) == 0 ? new byte[0] : before, now);
    }
  }

  /** Any bytes are a payload or refused in one line. */
  static void fuzz(byte[] bytes) {
    One one = new One();
    try (PageCodec codec = new PageCodec()) {
      codec.decode(ByteBuffer.wrap(bytes), one);
    } catch (WireException e) {
      assertThat(e.getMessage()).doesNotContain("\n");
    }
  }

  @Test
  void anyBytesAreAPayloadOrRefused() {
    try (PageCodec codec = new PageCodec()) {
      for (long seed = 0; seed < 3000; seed++) {
        Random random = new Random(seed);
        ByteBuffer out = ByteBuffer.allocate(4 * PageCodec.ENTRY_BYTES_MAX);
        byte[] before = noise(seed);
        byte[] now = before.clone();
        now[random.nextInt(BYTES)]++;
        codec.encode(1, before, now, out);
        codec.encode(2, new byte[0], new byte[BYTES], out);
        codec.encode(3, new byte[0], "x".repeat(BYTES).getBytes(), out);
        byte[] bytes = new byte[out.position() - random.nextInt(3)];
        out.get(0, bytes);
        for (int i = random.nextInt(4); i > 0; i--) {
          bytes[random.nextInt(bytes.length)] = (byte) random.nextInt();
        }
        fuzz(bytes);
      }
    }
  }

  @Test
  void aUnitThatUnpacksToMoreIsRefused() {
    java.util.zip.Deflater deflater = new java.util.zip.Deflater(9, true);
    deflater.setInput(new byte[1 << 20]);
    deflater.finish();
    byte[] packed = new byte[4000];
    int count = deflater.deflate(packed);
    deflater.end();
    ByteBuffer out = ByteBuffer.allocate(5000);
    out.put((byte) 3).putLong(0).putShort((short) count).put(packed, 0, count).flip();
    try (PageCodec codec = new PageCodec()) {
      assertThatThrownBy(() -> codec.decode(out, new One()))
          .isInstanceOf(WireException.class)
          .hasMessageContaining("does not unpack");
    }
  }
}
