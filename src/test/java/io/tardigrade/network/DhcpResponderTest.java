package io.tardigrade.network;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

class DhcpResponderTest {
  private static final Subnet SUBNET = Subnet.parse("10.117.0.0/24");
  private static final Ipv4 ADDRESS = Ipv4.parse("10.117.0.9");
  private static final HostNetwork.Place PLACE =
      new HostNetwork.Place(ADDRESS, ADDRESS.mac(), "tg0-9", SUBNET);
  private static final DhcpResponder RESPONDER =
      new DhcpResponder(PLACE, List.of(Ipv4.parse("9.9.9.9"), Ipv4.parse("1.1.1.1")), "kv");
  private static final MemorySegment REPLY = Arena.ofAuto().allocate(DhcpResponder.REPLY_BYTES_MAX);

  // What udhcpc sends, byte for byte but for addresses: a DISCOVER with maximum size, parameter
  // list and vendor class.
  private static final String DISCOVER =
      "ffffffffffff 525475000009 0800"
          + "4500 0148 0000 0000 40 11 79a6 00000000 ffffffff"
          + "0044 0043 0134 0000"
          + "01 01 06 00 a1b2c3d4 0000 0000 00000000 00000000 00000000 00000000"
          + "525475000009 00000000000000000000"
          + "00".repeat(192)
          + "63825363"
          + "350101 39020240 37070103060c0f1c2a 3c0c756468637020312e33352e30 ff"
          + "00".repeat(60);

  private static byte[] discover() {
    byte[] frame = HexFormat.of().parseHex(DISCOVER.replace(" ", ""));
    assertThat(ADDRESS.mac()).hasToString("52:54:00:75:00:09");
    System.arraycopy(HexFormat.of().parseHex("525400750009"), 0, frame, 6, 6);
    System.arraycopy(HexFormat.of().parseHex("525400750009"), 0, frame, 14 + 28 + 28, 6);
    return fitted(Arrays.copyOf(frame, 14 + 328));
  }

  /** The frame with the length fields of IPv4 and UDP set to what is there. */
  private static byte[] fitted(byte[] frame) {
    ByteBuffer.wrap(frame).putShort(16, (short) (frame.length - 14));
    ByteBuffer.wrap(frame).putShort(38, (short) (frame.length - 34));
    return frame;
  }

  private static byte[] message(int type, String options) {
    byte[] extra = HexFormat.of().parseHex(options);
    byte[] frame = Arrays.copyOf(discover(), 14 + 28 + 240 + 3 + extra.length + 1);
    frame[14 + 28 + 240 + 2] = (byte) type;
    System.arraycopy(extra, 0, frame, 14 + 28 + 243, extra.length);
    frame[frame.length - 1] = (byte) 255;
    return fitted(frame);
  }

  private static byte[] respond(byte[] frame) {
    MemorySegment memory = Arena.ofAuto().allocate(frame.length + 8L);
    MemorySegment.copy(MemorySegment.ofArray(frame), 0, memory, 8, frame.length);
    int n = RESPONDER.respond(memory, 8, frame.length, REPLY);
    assertThat(n).isNotEqualTo(DhcpResponder.NOT_DHCP);
    return REPLY.asSlice(0, n).toArray(java.lang.foreign.ValueLayout.JAVA_BYTE);
  }

  /** An independent reading of the answer: checks what a client checks, returns the options. */
  private static Map<Integer, String> options(byte[] reply) {
    ByteBuffer b = ByteBuffer.wrap(reply);
    assertThat(b.getShort(12)).isEqualTo((short) 0x0800);
    assertThat(b.getShort(16) & 0xffff).isEqualTo(reply.length - 14);
    assertThat(b.getShort(38) & 0xffff).isEqualTo(reply.length - 34);
    assertThat(onesSum(reply, 14, 20, 0)).isEqualTo(0xffff);
    int pseudo = 17 + reply.length - 34;
    for (int i = 26; i < 34; i += 2) {
      pseudo += b.getShort(i) & 0xffff;
    }
    assertThat(onesSum(reply, 34, reply.length - 34, pseudo)).isEqualTo(0xffff);
    assertThat(b.getShort(34)).isEqualTo((short) 67);
    assertThat(b.getShort(36)).isEqualTo((short) 68);
    assertThat(b.getInt(42)).isEqualTo(0x02010600);
    assertThat(b.getInt(46)).isEqualTo(0xa1b2c3d4);
    assertThat(b.getInt(42 + 236)).isEqualTo(0x63825363);
    Map<Integer, String> options = new TreeMap<>();
    int at = 42 + 240;
    while ((reply[at] & 255) != 255) {
      int length = reply[at + 1];
      options.put((int) reply[at], HexFormat.of().formatHex(reply, at + 2, at + 2 + length));
      at += 2 + length;
    }
    return options;
  }

  private static int onesSum(byte[] bytes, int from, int length, int start) {
    int sum = start;
    for (int i = 0; i < length; i++) {
      sum += (bytes[from + i] & 255) << (i % 2 == 0 ? 8 : 0);
    }
    while (sum > 0xffff) {
      sum = (sum & 0xffff) + (sum >> 16);
    }
    return sum;
  }

  @Test
  void discoverIsOfferedTheGuestsAddress() {
    byte[] reply = respond(discover());
    assertThat(options(reply))
        .containsEntry(53, "02")
        .containsEntry(54, "0a750001")
        .containsEntry(51, "ffffffff")
        .containsEntry(1, "ffffff00")
        .containsEntry(3, "0a750001")
        .containsEntry(28, "0a7500ff")
        .containsEntry(6, "0909090901010101")
        .containsEntry(12, "6b76");
    ByteBuffer b = ByteBuffer.wrap(reply);
    assertThat(b.getInt(58)).isEqualTo(ADDRESS.bits());
    assertThat(HexFormat.of().formatHex(reply, 0, 12)).isEqualTo("525400750009525400750001");
    assertThat(b.getInt(30)).isEqualTo(ADDRESS.bits());
  }

  @Test
  void broadcastIsAnsweredByBroadcastWhereAskedFor() {
    byte[] frame = discover();
    frame[42 + 10] = (byte) 0x80;
    byte[] reply = respond(frame);
    assertThat(HexFormat.of().formatHex(reply, 0, 6)).isEqualTo("ffffffffffff");
    assertThat(ByteBuffer.wrap(reply).getInt(30)).isEqualTo(-1);
  }

  @Test
  void requestForItsAddressIsAcknowledged() {
    assertThat(options(respond(message(3, "32040a75000936040a750001")))).containsEntry(53, "05");
    // Renewing: no option, the address it has stands in the client field.
    byte[] renew = message(3, "");
    ByteBuffer.wrap(renew).putInt(42 + 12, ADDRESS.bits());
    assertThat(options(respond(renew))).containsEntry(53, "05").containsEntry(51, "ffffffff");
  }

  @Test
  void requestForAnotherAddressIsRefusedByBroadcast() {
    byte[] reply = respond(message(3, "32040a750063"));
    assertThat(options(reply)).containsOnlyKeys(53, 54).containsEntry(53, "06");
    assertThat(ByteBuffer.wrap(reply).getInt(58)).isZero();
    assertThat(ByteBuffer.wrap(reply).getInt(30)).isEqualTo(-1);
  }

  @Test
  void requestToAnotherServerIsNotAnswered() {
    assertThat(respond(message(3, "32040a75000936040a0a0a0a"))).isEmpty();
  }

  @Test
  void informIsToldTheSettingsWithoutALease() {
    byte[] reply = respond(message(8, ""));
    assertThat(options(reply)).containsEntry(53, "05").containsKey(6).doesNotContainKey(51);
    assertThat(ByteBuffer.wrap(reply).getInt(58)).isZero();
  }

  @Test
  void releaseDeclineAndForeignHardwareAreSwallowed() {
    assertThat(respond(message(7, ""))).isEmpty();
    assertThat(respond(message(4, ""))).isEmpty();
    byte[] foreign = discover();
    foreign[42 + 28 + 5] = 77;
    assertThat(respond(foreign)).isEmpty();
  }

  @Test
  void otherTrafficIsLeftAlone() {
    for (int at : new int[] {12, 14, 23, 35, 37}) {
      byte[] frame = discover();
      frame[at] ^= 0x11;
      MemorySegment memory = Arena.ofAuto().allocate(frame.length);
      memory.copyFrom(MemorySegment.ofArray(frame));
      assertThat(RESPONDER.respond(memory, 0, frame.length, REPLY))
          .as("byte " + at)
          .isEqualTo(DhcpResponder.NOT_DHCP);
    }
  }

  @Test
  void longestAnswerFits() {
    DhcpResponder talkative =
        new DhcpResponder(PLACE, java.util.Collections.nCopies(90, ADDRESS), "x".repeat(1000));
    byte[] frame = discover();
    MemorySegment memory = Arena.ofAuto().allocate(frame.length);
    memory.copyFrom(MemorySegment.ofArray(frame));
    int n = talkative.respond(memory, 0, frame.length, REPLY);
    assertThat(options(REPLY.asSlice(0, n).toArray(java.lang.foreign.ValueLayout.JAVA_BYTE)))
        .containsEntry(12, "78".repeat(63));
  }

  @Test
  void noFrameHarmsIt() {
    Random random = new Random(7);
    byte[][] corpus = {discover(), message(3, "32040a75000936040a750001"), message(8, "0c02")};
    for (int i = 0; i < 200_000; i++) {
      byte[] base = corpus[random.nextInt(corpus.length)];
      byte[] frame =
          Arrays.copyOf(base, random.nextInt(4) == 0 ? random.nextInt(700) : base.length);
      for (int j = random.nextInt(6); j > 0 && frame.length > 0; j--) {
        frame[random.nextInt(frame.length)] = (byte) random.nextInt();
      }
      fuzz(frame);
    }
  }

  /** Entry for a fuzzer. */
  static void fuzz(byte[] bytes) {
    // The frame is exactly the memory: a read beyond it is an exception.
    MemorySegment frame = MemorySegment.ofArray(bytes);
    int n = RESPONDER.respond(frame, 0, bytes.length, REPLY);
    assertThat(n).isBetween(DhcpResponder.NOT_DHCP, DhcpResponder.REPLY_BYTES_MAX);
  }
}
