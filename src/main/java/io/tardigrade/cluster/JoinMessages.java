package io.tardigrade.cluster;

import io.tardigrade.guest.Json;
import java.io.DataInputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/**
 * What a machine that joins and the host that answers it say, one message each, within TLS in which
 * the host alone has shown a certificate:
 *
 * <pre>
 *    0        4
 *   +--------+---------------------------------+
 *   | length | JSON: {@link Request} or {@link Answer} |
 *   +--------+---------------------------------+
 *     length of 1 to 32768 bytes, big-endian
 * </pre>
 */
final class JoinMessages {
  private static final int BYTES_MAX = 32 << 10;

  /** Of this conversation. */
  static final int PROTOCOL = 1;

  private JoinMessages() {}

  /**
   * A machine asks to be let in.
   *
   * @param version of its program
   * @param secret of its token, hexadecimal
   * @param address that it will be reached at
   * @param role that it expects its token to be for; null for any of a host. A {@code client} has
   *     no zone, address and port
   * @param request for its certificate, PKCS #10 as PEM
   */
  record Request(
      int protocol,
      String version,
      String secret,
      String name,
      String zone,
      String address,
      int port,
      @Nullable String role,
      String request) {}

  /**
   * What a machine is let in with, or why it is not.
   *
   * @param refused one line for its user, or null where it is let in
   * @param role that its token was for
   * @param authorityKey PEM, for full hosts
   * @param servers of the coordination service; for a client, the agents of all hosts
   */
  record Answer(
      @Nullable String refused,
      String role,
      @Nullable String cluster,
      int number,
      @Nullable String network,
      @Nullable String certificate,
      @Nullable String authority,
      @Nullable String authorityKey,
      @Nullable String servers) {
    static Answer refused(String why) {
      return new Answer(why, "", null, 0, null, null, null, null, null);
    }
  }

  static void write(OutputStream out, Object message) throws IOException {
    byte[] json = Json.line(message).getBytes(StandardCharsets.UTF_8);
    out.write(ByteBuffer.allocate(4 + json.length).putInt(json.length).put(json).array());
    out.flush();
  }

  static <T> T read(DataInputStream in, String what, Class<T> type) throws IOException {
    int length = in.readInt();
    if (length < 1 || length > BYTES_MAX) {
      throw new IOException(what + " of " + length + " bytes, expected up to " + BYTES_MAX);
    }
    byte[] json = new byte[length];
    in.readFully(json);
    return Json.parse(what, new String(json, StandardCharsets.UTF_8), type);
  }
}
