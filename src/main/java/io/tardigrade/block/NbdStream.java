package io.tardigrade.block;

import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ByteChannel;

/**
 * A connection with a buffer for each direction. Requests that a client sent together are taken in
 * one system call and answered in one. One thread.
 */
final class NbdStream {
  /** The most that can be asked of {@link #need} and {@link #room} at once. */
  static final int BUFFER_BYTES = 512 << 10;

  private final ByteChannel channel;
  private final ByteBuffer in = ByteBuffer.allocateDirect(BUFFER_BYTES).flip();
  private final ByteBuffer out = ByteBuffer.allocateDirect(BUFFER_BYTES);

  NbdStream(ByteChannel channel) {
    this.channel = channel;
  }

  /**
   * The input, with at least {@code bytes} in it; the caller moves its position over what it took.
   */
  ByteBuffer need(int bytes) throws IOException {
    if (!fill(bytes)) {
      throw new EOFException(
          "NBD client hung up with " + in.remaining() + " of " + bytes + " bytes sent");
    }
    return in;
  }

  /** As {@link #need}, but false where the client hung up instead of sending anything more. */
  boolean hasNext(int bytes) throws IOException {
    return fill(bytes) || (in.hasRemaining() && need(bytes).hasRemaining());
  }

  private boolean fill(int bytes) throws IOException {
    if (in.remaining() >= bytes) {
      return true;
    }
    // Nothing more can be answered without waiting: let the client have what is answered.
    flush();
    in.compact();
    try {
      while (in.position() < bytes) {
        if (channel.read(in) < 0) {
          return false;
        }
      }
      return true;
    } finally {
      in.flip();
    }
  }

  /** Takes bytes off the input and drops them. */
  void skip(long bytes) throws IOException {
    for (long left = bytes; left > 0; ) {
      ByteBuffer buffer = need(1);
      int n = (int) Math.min(left, buffer.remaining());
      buffer.position(buffer.position() + n);
      left -= n;
    }
  }

  /** The output, with room for at least {@code bytes}. */
  ByteBuffer room(int bytes) throws IOException {
    if (out.remaining() < bytes) {
      flush();
    }
    return out;
  }

  void flush() throws IOException {
    out.flip();
    try {
      while (out.hasRemaining()) {
        channel.write(out);
      }
    } finally {
      out.clear();
    }
  }
}
