package io.tardigrade.network;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.net.ProtocolException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class FrameReaderTest {
  @Test
  void framesComeOutWholeWhereverReadsEnd() throws Exception {
    long seed = System.nanoTime();
    Random random = new Random(seed);
    List<byte[]> sent = new ArrayList<>();
    java.io.ByteArrayOutputStream stream = new java.io.ByteArrayOutputStream();
    for (int i = 0; i < 300; i++) {
      int length = random.nextInt(8) == 0 ? 65_550 - random.nextInt(3) : 14 + random.nextInt(1500);
      byte[] frame = new byte[length];
      random.nextBytes(frame);
      sent.add(frame);
      stream.write(new byte[] {0, (byte) (length >>> 16), (byte) (length >>> 8), (byte) length});
      stream.write(frame);
    }
    List<byte[]> got = new ArrayList<>();
    byte[] bytes = stream.toByteArray();
    try (Arena arena = Arena.ofConfined()) {
      FrameReader reader = new FrameReader(arena);
      for (int at = 0; at < bytes.length; ) {
        MemorySegment space = reader.space();
        assertThat(space.byteSize()).as("seed " + seed).isPositive();
        int most = random.nextBoolean() ? 5 : 100_000;
        int n =
            (int) Math.min(Math.min(1 + random.nextInt(most), space.byteSize()), bytes.length - at);
        MemorySegment.copy(bytes, at, space, ValueLayout.JAVA_BYTE, 0, n);
        reader.received(n);
        at += n;
        // Sometimes frames are left in the buffer, as when the gate is full.
        while (reader.hasFrame() && (random.nextInt(20) != 0 || reader.pendingBytes() > 150_000)) {
          got.add(bytes(reader.memory(), reader.offset(), reader.length()));
          reader.consume();
        }
      }
      while (reader.hasFrame()) {
        got.add(bytes(reader.memory(), reader.offset(), reader.length()));
        reader.consume();
      }
      assertThat(reader.pendingBytes()).as("seed " + seed).isZero();
    }
    assertThat(got).as("seed " + seed).hasSameSizeAs(sent);
    for (int i = 0; i < sent.size(); i++) {
      assertThat(got.get(i)).as("frame " + i + ", seed " + seed).isEqualTo(sent.get(i));
    }
  }

  @Test
  void whatIsEncodedIsReadAgain() throws Exception {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment frame = arena.allocate(64);
      frame.fill((byte) 7);
      FrameReader reader = new FrameReader(arena);
      int n = FrameReader.encode(frame, 4, 60, reader.space(), 0);
      reader.received(n);
      assertThat(n).isEqualTo(64);
      assertThat(reader.hasFrame()).isTrue();
      assertThat(bytes(reader.memory(), reader.offset(), reader.length()))
          .hasSize(60)
          .containsOnly(7);
    }
  }

  @Test
  void impossibleLengthsAreRefused() {
    for (int length : new int[] {0, 13, 65_551, -1, Integer.MIN_VALUE, 0x0100_0000}) {
      try (Arena arena = Arena.ofConfined()) {
        FrameReader reader = new FrameReader(arena);
        reader.space().set(ValueLayout.JAVA_INT_UNALIGNED, 0, Integer.reverseBytes(length));
        reader.received(4);
        assertThatThrownBy(reader::hasFrame)
            .isInstanceOf(ProtocolException.class)
            .hasMessageContaining(Integer.toUnsignedString(length));
      }
    }
  }

  @Test
  void anyBytesEitherAreFramesOrRefused() {
    Random random = new Random(42);
    for (int i = 0; i < 3000; i++) {
      byte[] bytes = new byte[random.nextInt(4000)];
      random.nextBytes(bytes);
      for (int at = 0; at + 4 <= bytes.length; at += 4 + random.nextInt(100)) {
        bytes[at] = 0;
        bytes[at + 1] = 0;
        bytes[at + 2] = 0;
      }
      fuzz(bytes);
    }
  }

  /** Entry for a fuzzer: the stream must be cut into frames that cover it, or be refused. */
  static void fuzz(byte[] stream) {
    try (Arena arena = Arena.ofConfined()) {
      FrameReader reader = new FrameReader(arena);
      int at = 0;
      int framed = 0;
      try {
        while (at < stream.length) {
          MemorySegment space = reader.space();
          int n = (int) Math.min(Math.min(space.byteSize(), stream.length - at), 777);
          assertThat(n).isPositive();
          MemorySegment.copy(stream, at, space, ValueLayout.JAVA_BYTE, 0, n);
          reader.received(n);
          at += n;
          while (reader.hasFrame()) {
            byte[] frame = bytes(reader.memory(), reader.offset(), reader.length());
            assertThat(frame)
                .isEqualTo(Arrays.copyOfRange(stream, framed + 4, framed + 4 + frame.length));
            framed += 4 + frame.length;
            reader.consume();
          }
        }
        assertThat(framed + reader.pendingBytes()).isEqualTo(stream.length);
      } catch (ProtocolException expected) {
        assertThat(expected).hasMessageContaining("expected 14 to 65550");
      }
    }
  }

  static byte[] bytes(MemorySegment memory, long offset, int length) {
    return memory.asSlice(offset, length).toArray(ValueLayout.JAVA_BYTE);
  }
}
