package io.tardigrade.replica;

import io.tardigrade.replication.MemberStore;
import io.tardigrade.replication.PageCodec;
import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;

/** Digests of units: the first 128 bits of their SHA-256. Not for several threads. */
final class UnitDigests {
  private static final byte[] NOTHING = new byte[PageCodec.UNIT_BYTES];

  private final MessageDigest sha;
  private final byte[] ofNothing;

  UnitDigests() {
    try {
      sha = MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("this Java has no SHA-256", e);
    }
    ofNothing = sha.digest(NOTHING);
  }

  void put(byte[] unit, ByteBuffer out) {
    out.put(digest(unit), 0, MemberStore.DIGEST_BYTES);
  }

  /** Whether the digest at {@code at} is the unit's. */
  boolean matches(byte[] unit, ByteBuffer digests, int at) {
    byte[] digest = digest(unit);
    for (int i = 0; i < MemberStore.DIGEST_BYTES; i++) {
      if (digests.get(at + i) != digest[i]) {
        return false;
      }
    }
    return true;
  }

  private byte[] digest(byte[] unit) {
    return Arrays.equals(unit, NOTHING) ? ofNothing : sha.digest(unit);
  }
}
