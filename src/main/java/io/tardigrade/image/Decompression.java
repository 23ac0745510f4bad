package io.tardigrade.image;

import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.PushbackInputStream;
import java.util.zip.GZIPInputStream;

/**
 * Undoes whatever compression a stream begins with: gzip, zstd, or none. What it is called does not
 * matter, only its first bytes.
 */
final class Decompression {
  private static final int MAGIC_BYTES = 4;
  private static final int BUFFER_BYTES = 1 << 16;

  private Decompression() {}

  static InputStream open(InputStream in) throws IOException {
    PushbackInputStream start = new PushbackInputStream(in, MAGIC_BYTES);
    byte[] magic = start.readNBytes(MAGIC_BYTES);
    start.unread(magic);
    return switch (kind(magic)) {
      case GZIP -> new GZIPInputStream(start, BUFFER_BYTES);
      case ZSTD -> new Zstd(start);
      case NONE -> start;
    };
  }

  enum Kind {
    NONE,
    GZIP,
    ZSTD
  }

  static Kind kind(byte[] magic) {
    if (magic.length >= 2 && magic[0] == 0x1f && magic[1] == (byte) 0x8b) {
      return Kind.GZIP;
    }
    boolean zstd =
        magic.length >= 4
            && magic[0] == 0x28
            && magic[1] == (byte) 0xb5
            && magic[2] == 0x2f
            && magic[3] == (byte) 0xfd;
    return zstd ? Kind.ZSTD : Kind.NONE;
  }

  /** The output of the {@code zstd} command, fed by a thread of ours. */
  private static final class Zstd extends FilterInputStream {
    private final Process process;
    private final Thread feeder;

    Zstd(InputStream packed) throws IOException {
      this(packed, start());
    }

    private Zstd(InputStream packed, Process process) {
      super(process.getInputStream());
      this.process = process;
      feeder = Thread.ofVirtual().start(() -> feed(packed, process.getOutputStream()));
    }

    private static Process start() throws IOException {
      try {
        // A frame may ask for a large window; the bound keeps hostile ones from taking our memory.
        return new ProcessBuilder("zstd", "-dcq", "--memory=256MB")
            .redirectError(ProcessBuilder.Redirect.DISCARD)
            .start();
      } catch (IOException e) {
        throw new ImageException(
            "the image is compressed with zstd; install it with `apt-get install zstd`", e);
      }
    }

    private static void feed(InputStream packed, OutputStream out) {
      try (out) {
        packed.transferTo(out);
      } catch (IOException e) {
        // The command has ended, or the archive has: the reader meets the end of the output.
        return;
      }
    }

    @Override
    public int read(byte[] buffer, int offset, int length) throws IOException {
      int got = super.read(buffer, offset, length);
      if (got < 0) {
        requireSuccess();
      }
      return got;
    }

    private void requireSuccess() throws IOException {
      try {
        // The feeder has read all of the input by then, so its digest is complete.
        feeder.join();
        if (process.waitFor() != 0) {
          throw new ImageException("zstd data in the image are broken; copy it again");
        }
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new ImageException("interrupted while unpacking", e);
      }
    }

    @Override
    public void close() throws IOException {
      process.destroyForcibly();
      super.close();
    }
  }
}
