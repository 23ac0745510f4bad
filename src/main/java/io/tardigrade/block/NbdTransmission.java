package io.tardigrade.block;

import io.tardigrade.linux.Errno;
import io.tardigrade.linux.LinuxException;
import java.io.IOException;
import java.net.ProtocolException;
import java.nio.ByteBuffer;
import java.util.function.BooleanSupplier;

/**
 * The second phase of a connection: requests against one export, answered in their order. One
 * thread; serving a request allocates nothing.
 *
 * <p>FLUSH and FUA are answered at once, without making anything durable. That is sound because of
 * the output gate: nothing the guest tells anyone after a flush leaves before its epoch commits,
 * and the epoch commits only after the writes before it are durable. A guest that is taken back to
 * an earlier epoch has forgotten that it ever flushed.
 */
final class NbdTransmission {
  private static final System.Logger LOG = System.getLogger(NbdTransmission.class.getName());
  private static final int CHUNK_BYTES = 256 << 10;
  private static final int CHUNK_HEADER_BYTES = NbdWire.STRUCTURED_REPLY_BYTES + 8;

  private final NbdStream stream;
  private final Volume volume;
  private final boolean readOnly;
  private final boolean structured;
  private final BooleanSupplier closed;
  private final NbdRequest request = new NbdRequest();

  /**
   * @param closed asked before each access to the volume; once true, none is made any more
   */
  NbdTransmission(NbdStream stream, NbdHandshake.Agreed agreed, BooleanSupplier closed) {
    this.stream = stream;
    this.volume = agreed.export().volume();
    this.readOnly = agreed.export().readOnly();
    this.structured = agreed.structured();
    this.closed = closed;
  }

  /** Serves until the client disconnects or the server closes. */
  void run() throws IOException {
    while (!closed.getAsBoolean() && stream.hasNext(NbdWire.REQUEST_BYTES)) {
      request.decode(stream.need(NbdWire.REQUEST_BYTES));
      if (request.command == NbdWire.CMD_DISC) {
        break;
      }
      serve(request.check(volume.sizeBytes(), readOnly));
    }
    stream.flush();
  }

  private void serve(int error) throws IOException {
    switch (request.command) {
      case NbdWire.CMD_READ -> read(error);
      case NbdWire.CMD_WRITE -> write(error);
      case NbdWire.CMD_TRIM, NbdWire.CMD_WRITE_ZEROES -> zero(error);
      default -> simpleReply(error);
    }
  }

  private void write(int error) throws IOException {
    long done = 0;
    while (done < request.length && error == NbdWire.OK) {
      int n = (int) Math.min(CHUNK_BYTES, request.length - done);
      ByteBuffer in = stream.need(n);
      int limit = in.limit();
      int end = in.position() + n;
      error = writeChunk(request.offset + done, in.limit(end));
      in.limit(limit).position(end);
      done += n;
    }
    stream.skip(request.length - done);
    simpleReply(error);
  }

  private int writeChunk(long offset, ByteBuffer chunk) throws IOException {
    checkOpen();
    try {
      volume.write(offset, chunk);
      return NbdWire.OK;
    } catch (IOException e) {
      return failed(e);
    }
  }

  private void zero(int error) throws IOException {
    if (error == NbdWire.OK) {
      checkOpen();
      boolean mayTrim = (request.flags & NbdWire.FLAG_NO_HOLE) == 0;
      try {
        // One log record whatever the length: always as fast as FAST_ZERO wants it.
        volume.writeZeroes(request.offset, request.length, mayTrim);
      } catch (IOException e) {
        error = failed(e);
      }
    }
    simpleReply(error);
  }

  private void read(int error) throws IOException {
    if (error != NbdWire.OK) {
      errorReply(error);
      return;
    }
    if (!structured) {
      simpleRead();
      return;
    }
    if (request.length == 0) {
      chunk(NbdWire.CHUNK_DONE, NbdWire.CHUNK_NONE, 0);
      return;
    }
    for (long done = 0; done < request.length; ) {
      int n = (int) Math.min(CHUNK_BYTES, request.length - done);
      ByteBuffer out = stream.room(CHUNK_HEADER_BYTES + n);
      int start = out.position();
      boolean last = done + n == request.length;
      chunk(last ? NbdWire.CHUNK_DONE : 0, NbdWire.CHUNK_OFFSET_DATA, 8 + n);
      out.putLong(request.offset + done);
      int failure = readChunk(request.offset + done, n, out);
      if (failure != NbdWire.OK) {
        out.position(start);
        errorReply(failure);
        return;
      }
      done += n;
    }
  }

  private void simpleRead() throws IOException {
    for (long done = 0; done < request.length || done == 0; ) {
      int n = (int) Math.min(CHUNK_BYTES, request.length - done);
      ByteBuffer out = stream.room(NbdWire.SIMPLE_REPLY_BYTES + n);
      int start = out.position();
      if (done == 0) {
        simpleReply(NbdWire.OK);
      }
      int failure = readChunk(request.offset + done, n, out);
      if (failure != NbdWire.OK && done == 0) {
        out.position(start);
        simpleReply(failure);
        return;
      }
      if (failure != NbdWire.OK) {
        throw new ProtocolException(
            "read failed after its simple reply began; only hanging up can tell the client");
      }
      done += n;
      if (n == 0) {
        return;
      }
    }
  }

  /** Reads straight into the output buffer. */
  private int readChunk(long offset, int bytes, ByteBuffer out) throws IOException {
    checkOpen();
    int limit = out.limit();
    try {
      volume.read(offset, out.limit(out.position() + bytes));
      return NbdWire.OK;
    } catch (IOException e) {
      return failed(e);
    } finally {
      out.limit(limit);
    }
  }

  /** The server was closed while this request was half served: the rest must not happen. */
  private void checkOpen() throws IOException {
    if (closed.getAsBoolean()) {
      throw new IOException("the NBD server was closed");
    }
  }

  private int failed(IOException e) {
    LOG.log(
        System.Logger.Level.WARNING,
        "disk request "
            + request.command
            + " of "
            + request.length
            + " bytes at "
            + request.offset
            + " failed: "
            + e.getMessage());
    boolean full = e instanceof LinuxException linux && linux.errno() == Errno.ENOSPC;
    return full ? NbdWire.ERR_NOSPC : NbdWire.ERR_IO;
  }

  private void errorReply(int error) throws IOException {
    if (!structured) {
      simpleReply(error);
      return;
    }
    chunk(NbdWire.CHUNK_DONE, NbdWire.CHUNK_ERROR, 6);
    stream.room(6).putInt(error).putShort((short) 0);
  }

  private void simpleReply(int error) throws IOException {
    stream
        .room(NbdWire.SIMPLE_REPLY_BYTES)
        .putInt(NbdWire.SIMPLE_REPLY_MAGIC)
        .putInt(error)
        .putLong(request.cookie);
  }

  private void chunk(int flags, int type, int length) throws IOException {
    stream
        .room(NbdWire.STRUCTURED_REPLY_BYTES)
        .putInt(NbdWire.STRUCTURED_REPLY_MAGIC)
        .putShort((short) flags)
        .putShort((short) type)
        .putLong(request.cookie)
        .putInt(length);
  }
}
