package io.tardigrade.block;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.channels.ByteChannel;
import java.util.Random;

/** A client that says what it has to say in pieces of any size, and keeps every answer. */
final class MemoryChannel implements ByteChannel {
  private final ByteBuffer said;
  private final Random random;
  private final ByteArrayOutputStream heard = new ByteArrayOutputStream();

  MemoryChannel(byte[] said, long seed) {
    this.said = ByteBuffer.wrap(said);
    this.random = new Random(seed);
  }

  ByteBuffer heard() {
    return ByteBuffer.wrap(heard.toByteArray());
  }

  int unread() {
    return said.remaining();
  }

  @Override
  public int read(ByteBuffer dst) {
    if (!said.hasRemaining()) {
      return -1;
    }
    int n = Math.min(said.remaining(), dst.remaining());
    n = random.nextBoolean() ? n : 1 + random.nextInt(n);
    dst.put(said.slice(said.position(), n));
    said.position(said.position() + n);
    return n;
  }

  @Override
  public int write(ByteBuffer src) {
    byte[] bytes = new byte[src.remaining()];
    src.get(bytes);
    heard.writeBytes(bytes);
    return bytes.length;
  }

  @Override
  public boolean isOpen() {
    return true;
  }

  @Override
  public void close() {}
}
