package io.tardigrade.block;

import java.net.ProtocolException;
import java.nio.ByteBuffer;

/**
 * A request of the transmission phase, decoded into the same object again and again so that serving
 * one allocates nothing.
 */
final class NbdRequest {
  int flags;
  int command;
  long cookie;
  long offset;

  /** 0 to 2^32 - 1. */
  long length;

  /** Decodes {@link NbdWire#REQUEST_BYTES} from {@code in}. */
  void decode(ByteBuffer in) throws ProtocolException {
    int magic = in.getInt();
    if (magic != NbdWire.REQUEST_MAGIC) {
      throw new ProtocolException(
          "NBD request begins with 0x"
              + Integer.toHexString(magic)
              + ", expected 0x"
              + Integer.toHexString(NbdWire.REQUEST_MAGIC));
    }
    flags = Short.toUnsignedInt(in.getShort());
    command = Short.toUnsignedInt(in.getShort());
    cookie = in.getLong();
    offset = in.getLong();
    length = Integer.toUnsignedLong(in.getInt());
    if (command == NbdWire.CMD_WRITE && length > NbdWire.TRANSFER_BYTES_MAX) {
      // Answering would mean to read that much first; no client that read our limits sends it.
      throw new ProtocolException(
          "NBD write of " + length + " bytes, at most " + NbdWire.TRANSFER_BYTES_MAX);
    }
  }

  /** What is wrong with the request on this export, as an NBD error; OK where nothing is. */
  int check(long exportBytes, boolean readOnly) {
    int allowed =
        switch (command) {
          case NbdWire.CMD_READ, NbdWire.CMD_WRITE, NbdWire.CMD_FLUSH, NbdWire.CMD_TRIM ->
              NbdWire.FLAG_FUA;
          case NbdWire.CMD_WRITE_ZEROES ->
              NbdWire.FLAG_FUA | NbdWire.FLAG_NO_HOLE | NbdWire.FLAG_FAST_ZERO;
          default -> -1;
        };
    if (allowed < 0 || (flags & ~allowed) != 0) {
      return NbdWire.ERR_INVAL;
    }
    if (command == NbdWire.CMD_FLUSH) {
      return offset == 0 && length == 0 ? NbdWire.OK : NbdWire.ERR_INVAL;
    }
    boolean reads = command == NbdWire.CMD_READ;
    if (readOnly && !reads) {
      return NbdWire.ERR_PERM;
    }
    if (reads && length > NbdWire.TRANSFER_BYTES_MAX) {
      return NbdWire.ERR_INVAL;
    }
    if (offset < 0 || offset > exportBytes || length > exportBytes - offset) {
      boolean grows = command == NbdWire.CMD_WRITE || command == NbdWire.CMD_WRITE_ZEROES;
      return grows ? NbdWire.ERR_NOSPC : NbdWire.ERR_INVAL;
    }
    return NbdWire.OK;
  }
}
