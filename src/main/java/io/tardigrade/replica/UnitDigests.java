package io.tardigrade.replica;

import io.tardigrade.replication.MemberStore;
import io.tardigrade.replication.PageCodec;
import java.nio.ByteBuffer;
import java.util.zip.CRC32;
import java.util.zip.CRC32C;

/**
 * Digests of units: two checksums with different polynomials of the whole unit, and of its second
 * half. They tell apart what differs by chance, in 2⁶⁴ cases but one; a guest that makes up pages
 * of equal digests spoils its own replica. A cryptographic digest would cost a synchronisation most
 * of its time in a process that starts fast and compiles simply.
 */
final class UnitDigests {
  private static final int HALF = PageCodec.UNIT_BYTES / 2;

  private final CRC32 ieee = new CRC32();
  private final CRC32C castagnoli = new CRC32C();

  void put(byte[] unit, ByteBuffer out) {
    if (MemberStore.DIGEST_BYTES != 2 * Long.BYTES) {
      throw new IllegalStateException("digests are of " + MemberStore.DIGEST_BYTES + " bytes");
    }
    out.putLong(of(unit, 0)).putLong(of(unit, HALF));
  }

  /** Whether the digest at {@code at} is the unit's. */
  boolean matches(byte[] unit, ByteBuffer digests, int at) {
    return digests.getLong(at) == of(unit, 0) && digests.getLong(at + Long.BYTES) == of(unit, HALF);
  }

  private long of(byte[] unit, int from) {
    ieee.reset();
    ieee.update(unit, from, PageCodec.UNIT_BYTES - from);
    castagnoli.reset();
    castagnoli.update(unit, from, PageCodec.UNIT_BYTES - from);
    return ieee.getValue() << 32 | castagnoli.getValue();
  }
}
