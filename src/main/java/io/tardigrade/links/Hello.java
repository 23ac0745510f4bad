package io.tardigrade.links;

import io.tardigrade.replication.WireException;
import java.io.DataInputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.regex.Pattern;

/**
 * How a stream begins, before its first message; then messages follow as {@link
 * io.tardigrade.replication.WireFormat} draws them, all about this guest:
 *
 * <pre>
 *    0       4         5        6
 *   +-------+---------+--------+-----------------+
 *   | TDGL  | version | length | id of the guest |
 *   +-------+---------+--------+-----------------+
 *                               length bytes: a-z A-Z 0-9 . _ -
 * </pre>
 *
 * <p>In the other direction comes one byte, whatever it is, for each message that was taken and is
 * not followed by another at once: whoever sends knows by it that somebody is there.
 *
 * @param guest its id
 */
record Hello(String guest) {
  /** Of the whole protocol between hosts; a host that speaks another is refused. */
  static final int VERSION = 1;

  private static final int MAGIC = 0x5444474c;
  private static final Pattern GUEST = Pattern.compile("[a-zA-Z0-9][a-zA-Z0-9._-]{0,62}");

  Hello {
    if (!GUEST.matcher(guest).matches()) {
      throw new IllegalArgumentException("guest id of " + guest.length() + " characters is none");
    }
  }

  byte[] encode() {
    byte[] id = guest.getBytes(StandardCharsets.US_ASCII);
    return ByteBuffer.allocate(6 + id.length)
        .putInt(MAGIC)
        .put((byte) VERSION)
        .put((byte) id.length)
        .put(id)
        .array();
  }

  static Hello read(DataInputStream in) throws IOException, WireException {
    int magic = in.readInt();
    if (magic != MAGIC) {
      throw new WireException("stream begins with " + Integer.toHexString(magic));
    }
    int version = in.readUnsignedByte();
    if (version != VERSION) {
      throw new WireException("protocol version " + version + ", expected " + VERSION);
    }
    byte[] id = new byte[in.readUnsignedByte()];
    in.readFully(id);
    try {
      return new Hello(new String(id, StandardCharsets.US_ASCII));
    } catch (IllegalArgumentException e) {
      throw new WireException(String.valueOf(e.getMessage()));
    }
  }
}
