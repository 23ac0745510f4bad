package io.tardigrade.cluster;

import io.tardigrade.guest.UsageException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.HexFormat;
import java.util.List;
import java.util.regex.Pattern;
import java.util.zip.CRC32;

/**
 * What a machine joins with: who it is to ask, how it knows them, and a secret that lets it in
 * once. As text it is {@code tdg-} and, in base64 for URLs without padding:
 *
 * <pre>
 *    0         1         17             49      50
 *   +---------+---------+--------------+-------+-------------------------+-------+
 *   | version | secret  | fingerprint  | count | count × length, address | CRC32 |
 *   +---------+---------+--------------+-------+-------------------------+-------+
 *     1         16        32             1       each 1 + length           4
 * </pre>
 *
 * @param secret proves that the cluster gave the token out; hexadecimal, and never kept
 * @param fingerprint SHA-256 of the certificate of the cluster's authority, hexadecimal
 * @param addresses where hosts answer those who join: {@code ADDRESS:PORT}
 */
record Token(String secret, String fingerprint, List<String> addresses) {
  static final int ADDRESSES_MAX = 5;
  private static final int VERSION = 1;
  private static final int SECRET_BYTES = 16;
  private static final int FINGERPRINT_BYTES = 32;
  private static final int CHARS_MAX = 1024;
  private static final HexFormat HEX = HexFormat.of();
  private static final String PREFIX = "tdg-";
  private static final Pattern ADDRESS =
      Pattern.compile("(\\d{1,3}(?:\\.\\d{1,3}){3}|\\[[0-9a-fA-F:.]{2,45}]):\\d{1,5}");

  Token {
    addresses = List.copyOf(addresses);
    if (secret.length() != 2 * SECRET_BYTES
        || fingerprint.length() != 2 * FINGERPRINT_BYTES
        || addresses.isEmpty()
        || addresses.size() > ADDRESSES_MAX
        || !addresses.stream().allMatch(address -> ADDRESS.matcher(address).matches())) {
      throw new IllegalArgumentException("a token of the wrong size");
    }
  }

  static Token create(String fingerprint, List<String> addresses) {
    byte[] secret = new byte[SECRET_BYTES];
    new SecureRandom().nextBytes(secret);
    return new Token(HEX.formatHex(secret), fingerprint, addresses);
  }

  String text() {
    ByteBuffer bytes = ByteBuffer.allocate(CHARS_MAX / 2);
    bytes.put((byte) VERSION).put(HEX.parseHex(secret)).put(HEX.parseHex(fingerprint));
    bytes.put((byte) addresses.size());
    for (String address : addresses) {
      bytes.put((byte) address.length()).put(address.getBytes(StandardCharsets.US_ASCII));
    }
    bytes.putInt(crc(bytes.array(), bytes.position()));
    return PREFIX
        + Base64.getUrlEncoder()
            .withoutPadding()
            .encodeToString(Arrays.copyOf(bytes.array(), bytes.position()));
  }

  private static int crc(byte[] bytes, int length) {
    CRC32 crc = new CRC32();
    crc.update(bytes, 0, length);
    return (int) crc.getValue();
  }

  /**
   * Reads what a user was given.
   *
   * @throws UsageException where it is no token
   */
  static Token parse(String text) {
    String given = text.strip();
    try {
      if (given.length() > CHARS_MAX || !given.startsWith(PREFIX)) {
        throw new IllegalArgumentException("no prefix");
      }
      ByteBuffer bytes =
          ByteBuffer.wrap(Base64.getUrlDecoder().decode(given.substring(PREFIX.length())));
      int end = bytes.limit() - Integer.BYTES;
      if (end < 0 || bytes.getInt(end) != crc(bytes.array(), end) || bytes.get() != VERSION) {
        throw new IllegalArgumentException("damaged");
      }
      byte[] secret = new byte[SECRET_BYTES];
      byte[] fingerprint = new byte[FINGERPRINT_BYTES];
      bytes.get(secret).get(fingerprint);
      List<String> addresses = new ArrayList<>();
      for (int left = bytes.get(); left > 0; left--) {
        byte[] address = new byte[bytes.get() & 0xff];
        bytes.get(address);
        addresses.add(new String(address, StandardCharsets.US_ASCII));
      }
      return new Token(HEX.formatHex(secret), HEX.formatHex(fingerprint), addresses);
    } catch (IllegalArgumentException | java.nio.BufferUnderflowException e) {
      UsageException refused =
          new UsageException(
              "this is no token, or not the whole of it; 'tardigrade host token' on a host of the"
                  + " cluster prints one");
      refused.initCause(e);
      throw refused;
    }
  }

  /** What the cluster keeps of the secret, in hexadecimal. */
  static String digest(String secret) {
    try {
      return HEX.formatHex(MessageDigest.getInstance("SHA-256").digest(HEX.parseHex(secret)));
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("every JDK has SHA-256", e);
    }
  }
}
