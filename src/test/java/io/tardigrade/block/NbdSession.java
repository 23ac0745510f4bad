package io.tardigrade.block;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Map;

/** What a client sends, put together piece by piece, and a server in memory that answers it. */
final class NbdSession {
  private final ByteArrayOutputStream said = new ByteArrayOutputStream();

  byte[] bytes() {
    return said.toByteArray();
  }

  NbdSession raw(byte[] bytes) {
    said.writeBytes(bytes);
    return this;
  }

  NbdSession flags(int flags) {
    return raw(ByteBuffer.allocate(4).putInt(flags).array());
  }

  NbdSession option(int option, byte[] data) {
    ByteBuffer out = ByteBuffer.allocate(16 + data.length);
    return raw(
        out.putLong(NbdWire.OPTION_MAGIC).putInt(option).putInt(data.length).put(data).array());
  }

  NbdSession go(String name, int... wanted) {
    return option(NbdWire.OPT_GO, infoData(name, wanted));
  }

  static byte[] infoData(String name, int... wanted) {
    byte[] bytes = name.getBytes(StandardCharsets.UTF_8);
    ByteBuffer out = ByteBuffer.allocate(6 + bytes.length + 2 * wanted.length);
    out.putInt(bytes.length).put(bytes).putShort((short) wanted.length);
    for (int information : wanted) {
      out.putShort((short) information);
    }
    return out.array();
  }

  NbdSession request(int flags, int command, long cookie, long offset, long length) {
    return raw(
        ByteBuffer.allocate(28)
            .putInt(NbdWire.REQUEST_MAGIC)
            .putShort((short) flags)
            .putShort((short) command)
            .putLong(cookie)
            .putLong(offset)
            .putInt((int) length)
            .array());
  }

  /** A volume in memory, ready for use. */
  static Volume volume(int bytes) throws IOException {
    SimulatedDisk disk = new SimulatedDisk(1);
    disk.create().truncate(bytes);
    return new Volume(disk.file(0), disk.create(), disk.create(), Volume.LOG_SWITCH_BYTES);
  }

  /** The exports "disk" and, read-only, "rom", of one volume. */
  static Map<String, Export> exports(Volume volume) {
    return Map.of("disk", new Export(volume, false), "rom", new Export(volume, true));
  }

  /** Serves one connection as {@link NbdServer} does; returns all it answered. */
  static ByteBuffer serve(byte[] said, Map<String, Export> exports, long seed) throws IOException {
    MemoryChannel channel = new MemoryChannel(said, seed);
    serve(channel, exports);
    return channel.heard();
  }

  static void serve(MemoryChannel channel, Map<String, Export> exports) throws IOException {
    NbdStream stream = new NbdStream(channel);
    NbdHandshake.Agreed agreed = new NbdHandshake(stream, exports).run();
    if (agreed != null) {
      new NbdTransmission(stream, agreed, () -> false).run();
    }
  }
}
