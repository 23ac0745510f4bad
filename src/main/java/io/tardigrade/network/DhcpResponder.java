package io.tardigrade.network;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;

/**
 * Answers a guest's DHCP requests (RFC 2131, 2132) with the one address that is its for life, so
 * that any bootable disk finds its network.
 *
 * <pre>
 * Ethernet    0  6 destination   6  6 source        12  2 type 0x0800
 * IPv4       14  1 version 4, header words          16  2 total length   20  2 fragment
 *            23  1 protocol 17   24  2 checksum     26  4 source         30  4 destination
 * UDP       +0  2 source port   +2  2 destination  +4  2 length         +6  2 checksum
 * BOOTP     +0  1 operation     +1  1 hardware 1   +2  1 length 6       +4  4 transaction
 *          +10  2 flags        +12  4 client's     +16  4 yours          +20  4 server's
 *          +24  4 relay's      +28 16 client's MAC +44 192 names        +236  4 magic 0x63825363
 *         +240  options: code, length, value; 0 pads, 255 ends
 * </pre>
 *
 * <p>Frames come from a hostile guest: every length is checked against what is there, and the
 * answer has a bounded size. Pure; safe for use by several threads at once.
 */
public final class DhcpResponder {
  /** What {@link #respond} says of a frame that is for others to deal with. */
  public static final int NOT_DHCP = -1;

  /** An answer is never longer. */
  public static final int REPLY_BYTES_MAX = 640;

  private static final int DISCOVER = 1;
  private static final int OFFER = 2;
  private static final int REQUEST = 3;
  private static final int ACK = 5;
  private static final int NAK = 6;
  private static final int INFORM = 8;

  private static final int OPTION_REQUESTED_ADDRESS = 50;
  private static final int OPTION_TYPE = 53;
  private static final int OPTION_SERVER = 54;

  private static final int IP = 14;
  private static final int MAGIC = 0x63825363;
  private static final int BOOTP_FIXED_BYTES = 240;
  private static final int BOOTP_BYTES_MIN = 300;
  private static final int DNS_MAX = 8;
  private static final int HOSTNAME_CHARS_MAX = 63;

  private static final ValueLayout.OfByte BYTE = ValueLayout.JAVA_BYTE;
  private static final ValueLayout.OfShort SHORT =
      ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);
  private static final ValueLayout.OfInt INT =
      ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);

  private final HostNetwork.Place place;
  private final List<Ipv4> resolvers;
  private final byte[] hostname;

  /**
   * Answers for one guest.
   *
   * @param resolvers name servers to tell it; more than eight are cut off
   * @param hostname its host name; more than 63 characters are cut off
   */
  public DhcpResponder(HostNetwork.Place place, List<Ipv4> resolvers, String hostname) {
    this.place = place;
    this.resolvers = resolvers.stream().limit(DNS_MAX).toList();
    byte[] name = hostname.getBytes(StandardCharsets.US_ASCII);
    this.hostname = Arrays.copyOf(name, Math.min(name.length, HOSTNAME_CHARS_MAX));
  }

  /** A request as far as it matters; addresses that it does not name are 0. */
  private record Request(
      int type, int transaction, short flags, int client, int requested, int server) {}

  /**
   * Deals with a frame from the guest.
   *
   * @param reply where the answer goes, of at least {@link #REPLY_BYTES_MAX} bytes
   * @return the answer's length, a frame for the guest; 0 where the frame was DHCP but wants no
   *     answer; {@link #NOT_DHCP} where it is to be sent on
   */
  public int respond(MemorySegment memory, long offset, int length, MemorySegment reply) {
    if (offset < 0 || length < 0 || offset > memory.byteSize() - length) {
      throw new IndexOutOfBoundsException(
          length + " bytes at " + offset + " of a memory of " + memory.byteSize());
    }
    MemorySegment frame = memory.asSlice(offset, length);
    int bootp = bootpOffset(frame);
    if (bootp < 0) {
      return NOT_DHCP;
    }
    int udpBytes = Short.toUnsignedInt(frame.get(SHORT, bootp - 4));
    Request request = parse(frame, bootp, bootp - 8 + udpBytes);
    return switch (request.type) {
      case DISCOVER -> write(reply, request, OFFER);
      case REQUEST -> answerRequest(reply, request);
      case INFORM -> write(reply, request, ACK);
      default -> 0;
    };
  }

  /** Where the BOOTP message of a frame starts; -1 where it is no packet to a DHCP server. */
  private static int bootpOffset(MemorySegment frame) {
    long length = frame.byteSize();
    if (length < IP + 20 + 8 || frame.get(SHORT, 12) != 0x0800) {
      return -1;
    }
    int versionAndWords = frame.get(BYTE, IP) & 0xff;
    int headerBytes = (versionAndWords & 15) * 4;
    int totalBytes = Short.toUnsignedInt(frame.get(SHORT, IP + 2));
    boolean whole =
        versionAndWords >>> 4 == 4
            && headerBytes >= 20
            && totalBytes >= headerBytes + 8
            && totalBytes <= length - IP
            && (frame.get(SHORT, IP + 6) & 0x3fff) == 0;
    if (!whole || frame.get(BYTE, IP + 9) != 17) {
      return -1;
    }
    int udp = IP + headerBytes;
    int udpBytes = Short.toUnsignedInt(frame.get(SHORT, udp + 4));
    boolean toServer = frame.get(SHORT, udp) == 68 && frame.get(SHORT, udp + 2) == 67;
    return toServer && udpBytes >= 8 && udpBytes <= totalBytes - headerBytes ? udp + 8 : -1;
  }

  /** Reads the message up to {@code end}; type 0 where it is none of this guest's. */
  private Request parse(MemorySegment frame, int bootp, int end) {
    Request none = new Request(0, 0, (short) 0, 0, 0, 0);
    if (end - bootp < BOOTP_FIXED_BYTES
        || frame.get(INT, bootp) != 0x01010600 + (frame.get(BYTE, bootp + 3) & 0xff)
        || frame.get(INT, bootp + 236) != MAGIC
        || frame.get(INT, bootp + 24) != 0
        || mac(frame, bootp + 28) != place.mac().bits()) {
      return none;
    }
    int type = 0;
    int requested = 0;
    int server = 0;
    int at = bootp + BOOTP_FIXED_BYTES;
    while (at < end && frame.get(BYTE, at) != (byte) 255) {
      int code = frame.get(BYTE, at) & 0xff;
      if (code == 0) {
        at++;
        continue;
      }
      int valueBytes = at + 1 < end ? frame.get(BYTE, at + 1) & 0xff : -1;
      if (valueBytes < 0 || at + 2 + valueBytes > end) {
        return none;
      }
      if (code == OPTION_TYPE && valueBytes == 1) {
        type = frame.get(BYTE, at + 2);
      } else if (code == OPTION_REQUESTED_ADDRESS && valueBytes == 4) {
        requested = frame.get(INT, at + 2);
      } else if (code == OPTION_SERVER && valueBytes == 4) {
        server = frame.get(INT, at + 2);
      }
      at += 2 + valueBytes;
    }
    return new Request(
        type,
        frame.get(INT, bootp + 4),
        frame.get(SHORT, bootp + 10),
        frame.get(INT, bootp + 12),
        requested,
        server);
  }

  private static long mac(MemorySegment frame, int at) {
    return Short.toUnsignedLong(frame.get(SHORT, at)) << 32
        | Integer.toUnsignedLong(frame.get(INT, at + 2));
  }

  private int answerRequest(MemorySegment reply, Request request) {
    boolean choseAnother = request.server != 0 && request.server != place.gateway().bits();
    if (choseAnother) {
      return 0;
    }
    int asked = request.requested != 0 ? request.requested : request.client;
    return write(reply, request, asked == place.address().bits() ? ACK : NAK);
  }

  private int write(MemorySegment reply, Request request, int type) {
    MemorySegment out = reply.asSlice(0, REPLY_BYTES_MAX).fill((byte) 0);
    boolean inform = request.type == INFORM;
    boolean broadcast = type == NAK || (request.flags & 0x8000) != 0;
    int bootp = IP + 20 + 8;
    out.set(INT, bootp, 0x02010600);
    out.set(INT, bootp + 4, request.transaction);
    out.set(SHORT, bootp + 10, request.flags);
    if (type != NAK) {
      out.set(INT, bootp + 12, request.client);
      out.set(INT, bootp + 16, inform ? 0 : place.address().bits());
    }
    putMac(out, bootp + 28, place.mac().bits());
    out.set(INT, bootp + 236, MAGIC);
    int end = writeOptions(out, bootp + BOOTP_FIXED_BYTES, type, inform);
    int bootpBytes = Math.max(BOOTP_BYTES_MIN, end - bootp);
    writeHeaders(out, bootpBytes, broadcast);
    return bootp + bootpBytes;
  }

  private int writeOptions(MemorySegment out, int start, int type, boolean inform) {
    int at = start;
    out.set(BYTE, at, (byte) OPTION_TYPE);
    out.set(BYTE, at + 1, (byte) 1);
    out.set(BYTE, at + 2, (byte) type);
    at = addressOption(out, at + 3, OPTION_SERVER, place.gateway().bits());
    if (type != NAK) {
      if (!inform) {
        // All ones is for ever (RFC 2131, section 3.3): there is nothing to renew.
        at = addressOption(out, at, 51, -1);
      }
      at = addressOption(out, at, 1, place.subnet().mask().bits());
      at = addressOption(out, at, 28, place.subnet().broadcast().bits());
      at = addressOption(out, at, 3, place.gateway().bits());
      at = resolversOption(out, at);
      at = hostnameOption(out, at);
    }
    out.set(BYTE, at, (byte) 255);
    return at + 1;
  }

  private static int addressOption(MemorySegment out, int at, int code, int value) {
    out.set(BYTE, at, (byte) code);
    out.set(BYTE, at + 1, (byte) 4);
    out.set(INT, at + 2, value);
    return at + 6;
  }

  private int resolversOption(MemorySegment out, int at) {
    if (resolvers.isEmpty()) {
      return at;
    }
    out.set(BYTE, at, (byte) 6);
    out.set(BYTE, at + 1, (byte) (4 * resolvers.size()));
    for (int i = 0; i < resolvers.size(); i++) {
      out.set(INT, at + 2 + 4 * i, resolvers.get(i).bits());
    }
    return at + 2 + 4 * resolvers.size();
  }

  private int hostnameOption(MemorySegment out, int at) {
    if (hostname.length == 0) {
      return at;
    }
    out.set(BYTE, at, (byte) 12);
    out.set(BYTE, at + 1, (byte) hostname.length);
    MemorySegment.copy(hostname, 0, out, BYTE, at + 2, hostname.length);
    return at + 2 + hostname.length;
  }

  private void writeHeaders(MemorySegment out, int bootpBytes, boolean broadcast) {
    int udpBytes = 8 + bootpBytes;
    int destination = broadcast ? -1 : place.address().bits();
    putMac(out, 0, broadcast ? 0xffff_ffff_ffffL : place.mac().bits());
    putMac(out, 6, place.gateway().mac().bits());
    out.set(SHORT, 12, (short) 0x0800);
    out.set(SHORT, IP, (short) 0x4500);
    out.set(SHORT, IP + 2, (short) (20 + udpBytes));
    out.set(BYTE, IP + 8, (byte) 64);
    out.set(BYTE, IP + 9, (byte) 17);
    out.set(INT, IP + 12, place.gateway().bits());
    out.set(INT, IP + 16, destination);
    out.set(SHORT, IP + 10, Checksum.fold(Checksum.sum(out, IP, 20)));
    int udp = IP + 20;
    out.set(SHORT, udp, (short) 67);
    out.set(SHORT, udp + 2, (short) 68);
    out.set(SHORT, udp + 4, (short) udpBytes);
    long pseudo = Checksum.sum(out, IP + 12, 8) + 17 + udpBytes;
    short checksum = Checksum.fold(pseudo + Checksum.sum(out, udp, udpBytes));
    // A computed 0 is sent as all ones, since 0 says that there is none (RFC 768).
    out.set(SHORT, udp + 6, checksum == 0 ? (short) -1 : checksum);
  }

  private static void putMac(MemorySegment out, int at, long mac) {
    out.set(SHORT, at, (short) (mac >>> 32));
    out.set(INT, at + 2, (int) mac);
  }
}
