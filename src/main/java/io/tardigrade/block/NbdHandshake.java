package io.tardigrade.block;

import java.io.IOException;
import java.net.ProtocolException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The first phase of a connection: the client looks at exports and chooses one. One thread. */
final class NbdHandshake {
  private static final int OPTION_BYTES_MAX = 16 << 10;
  private static final int SKIP_BYTES_MAX = 1 << 20;
  private static final int OPTIONS_MAX = 1000;
  private static final int NAME_BYTES_MAX = 4096;
  private static final int BLOCK_BYTES_MIN = 1;
  private static final int BLOCK_BYTES_PREFERRED = 4096;

  private final NbdStream stream;
  private final Map<String, Export> exports;
  private boolean noZeroes;
  private boolean structured;
  private @Nullable Export chosen;

  /** What was agreed upon. */
  record Agreed(Export export, boolean structured) {}

  NbdHandshake(NbdStream stream, Map<String, Export> exports) {
    this.stream = stream;
    this.exports = exports;
  }

  /** Runs the phase; null where the client left without choosing. */
  @Nullable Agreed run() throws IOException {
    stream
        .room(18)
        .putLong(NbdWire.MAGIC)
        .putLong(NbdWire.OPTION_MAGIC)
        .putShort((short) (NbdWire.FIXED_NEWSTYLE | NbdWire.NO_ZEROES));
    stream.flush();
    if (!stream.hasNext(4)) {
      return null;
    }
    int flags = stream.need(4).getInt();
    if ((flags & ~(NbdWire.FIXED_NEWSTYLE | NbdWire.NO_ZEROES)) != 0) {
      throw new ProtocolException("NBD client flags 0x" + Integer.toHexString(flags) + " unknown");
    }
    noZeroes = (flags & NbdWire.NO_ZEROES) != 0;
    for (int i = 0; i < OPTIONS_MAX; i++) {
      if (!stream.hasNext(NbdWire.OPTION_HEADER_BYTES) || !option()) {
        stream.flush();
        return null;
      }
      Export export = chosen;
      if (export != null) {
        return new Agreed(export, structured);
      }
    }
    throw new ProtocolException("NBD client sent " + OPTIONS_MAX + " options and chose no export");
  }

  /** Serves one option; false where the connection is to end. */
  private boolean option() throws IOException {
    ByteBuffer header = stream.need(NbdWire.OPTION_HEADER_BYTES);
    long magic = header.getLong();
    int option = header.getInt();
    long length = Integer.toUnsignedLong(header.getInt());
    if (magic != NbdWire.OPTION_MAGIC || length > SKIP_BYTES_MAX) {
      throw new ProtocolException(
          "NBD option with magic 0x" + Long.toHexString(magic) + " and " + length + " bytes");
    }
    if (length > OPTION_BYTES_MAX) {
      stream.skip(length);
      reply(option, NbdWire.REP_ERR_TOO_BIG);
      return option != NbdWire.OPT_EXPORT_NAME;
    }
    ByteBuffer in = stream.need((int) length);
    ByteBuffer data = in.slice(in.position(), (int) length);
    boolean goesOn = serve(option, data);
    in.position(in.position() + (int) length);
    return goesOn;
  }

  private boolean serve(int option, ByteBuffer data) throws IOException {
    switch (option) {
      case NbdWire.OPT_EXPORT_NAME -> {
        return exportName(data);
      }
      case NbdWire.OPT_ABORT -> {
        reply(option, NbdWire.REP_ACK);
        return false;
      }
      case NbdWire.OPT_LIST -> list(data);
      case NbdWire.OPT_INFO, NbdWire.OPT_GO -> info(option, data);
      case NbdWire.OPT_STRUCTURED_REPLY -> {
        structured |= !data.hasRemaining();
        reply(option, data.hasRemaining() ? NbdWire.REP_ERR_INVALID : NbdWire.REP_ACK);
      }
      default -> reply(option, NbdWire.REP_ERR_UNSUP);
    }
    return true;
  }

  /** The old way to choose; an unknown name can only be answered by hanging up. */
  private boolean exportName(ByteBuffer data) throws IOException {
    String name = name(data, data.remaining());
    Export export = name == null ? null : exports.get(name);
    if (export == null) {
      return false;
    }
    int padding = noZeroes ? 0 : 124;
    ByteBuffer out = stream.room(10 + padding);
    out.putLong(export.volume().sizeBytes());
    out.putShort((short) NbdWire.exportFlags(export.readOnly()));
    out.put(new byte[padding]);
    chosen = export;
    return true;
  }

  private void list(ByteBuffer data) throws IOException {
    if (data.hasRemaining()) {
      reply(NbdWire.OPT_LIST, NbdWire.REP_ERR_INVALID);
      return;
    }
    for (String name : exports.keySet()) {
      byte[] bytes = name.getBytes(StandardCharsets.UTF_8);
      replyHeader(NbdWire.OPT_LIST, NbdWire.REP_SERVER, 4 + bytes.length)
          .putInt(bytes.length)
          .put(bytes);
    }
    reply(NbdWire.OPT_LIST, NbdWire.REP_ACK);
  }

  // data: u32 name length, name, u16 count, count times u16 information wanted
  private void info(int option, ByteBuffer data) throws IOException {
    long nameBytes = data.remaining() < 6 ? -1 : Integer.toUnsignedLong(data.getInt());
    if (nameBytes < 0 || nameBytes > data.remaining() - 2) {
      reply(option, NbdWire.REP_ERR_INVALID);
      return;
    }
    String name = name(data, (int) nameBytes);
    int wanted = Short.toUnsignedInt(data.getShort());
    if (name == null || data.remaining() != 2 * wanted) {
      reply(option, NbdWire.REP_ERR_INVALID);
      return;
    }
    Export export = exports.get(name);
    if (export == null) {
      reply(option, NbdWire.REP_ERR_UNKNOWN);
      return;
    }
    replyHeader(option, NbdWire.REP_INFO, 12)
        .putShort((short) NbdWire.INFO_EXPORT)
        .putLong(export.volume().sizeBytes())
        .putShort((short) NbdWire.exportFlags(export.readOnly()));
    while (data.hasRemaining()) {
      if (data.getShort() == NbdWire.INFO_BLOCK_SIZE) {
        replyHeader(option, NbdWire.REP_INFO, 14)
            .putShort((short) NbdWire.INFO_BLOCK_SIZE)
            .putInt(BLOCK_BYTES_MIN)
            .putInt(BLOCK_BYTES_PREFERRED)
            .putInt(NbdWire.TRANSFER_BYTES_MAX);
      }
    }
    reply(option, NbdWire.REP_ACK);
    if (option == NbdWire.OPT_GO) {
      chosen = export;
    }
  }

  /** Takes a name off {@code data}; null where it is too long or not UTF-8. */
  private static @Nullable String name(ByteBuffer data, int bytes) {
    ByteBuffer name = data.slice(data.position(), bytes);
    data.position(data.position() + bytes);
    if (bytes > NAME_BYTES_MAX) {
      return null;
    }
    try {
      return StandardCharsets.UTF_8.newDecoder().decode(name).toString();
    } catch (CharacterCodingException e) {
      return null;
    }
  }

  private ByteBuffer replyHeader(int option, int reply, int length) throws IOException {
    return stream
        .room(20 + length)
        .putLong(NbdWire.OPTION_REPLY_MAGIC)
        .putInt(option)
        .putInt(reply)
        .putInt(length);
  }

  private void reply(int option, int reply) throws IOException {
    ByteBuffer _ = replyHeader(option, reply, 0);
  }
}
