package io.tardigrade.network;

import java.nio.ByteBuffer;

/**
 * Announces that an address is here now (RFC 5227, section 2.3): after a recovery or takeover
 * switches learn the new port at once, and neighbours the hardware address.
 *
 * <pre>
 *  0  6  destination: all stations     14  2  hardware: Ethernet (1)    22  6  sender's MAC
 *  6  6  source: the guest's MAC       16  2  protocol: IPv4 (0x0800)   28  4  sender's IPv4
 * 12  2  type: ARP (0x0806)            18  2  lengths 6, 4              32  6  target's MAC: zero
 *                                      20  2  operation: request (1)    38  4  target's IPv4: the same
 * 42 18  padding to the shortest frame of Ethernet
 * </pre>
 */
public final class GratuitousArp {
  private static final int FRAME_BYTES = 60;

  private GratuitousArp() {}

  /** The frame, without checksum, to be sent to the bridge as if the guest had. */
  public static byte[] frame(Mac mac, Ipv4 address) {
    ByteBuffer frame = ByteBuffer.allocate(FRAME_BYTES);
    frame.putShort((short) -1).putInt(-1);
    put(frame, mac);
    frame.putShort((short) 0x0806);
    frame.putShort((short) 1).putShort((short) 0x0800).put((byte) 6).put((byte) 4);
    frame.putShort((short) 1);
    put(frame, mac);
    frame.putInt(address.bits());
    frame.putShort((short) 0).putInt(0);
    frame.putInt(address.bits());
    return frame.array();
  }

  private static void put(ByteBuffer frame, Mac mac) {
    frame.putShort((short) (mac.bits() >>> 32)).putInt((int) mac.bits());
  }
}
