package io.tardigrade.image;

import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/** A stream that computes the SHA-256 of what passes and refuses to pass more than a bound. */
final class CheckedStream extends FilterInputStream {
  private static final int SKIP_BYTES = 1 << 16;

  private final MessageDigest digest = sha256();
  private final long bytesMax;
  private final String what;
  private long bytes;

  CheckedStream(InputStream in, long bytesMax, String what) {
    super(in);
    this.bytesMax = bytesMax;
    this.what = what;
  }

  @Override
  public int read() throws IOException {
    byte[] one = new byte[1];
    return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
  }

  @Override
  public int read(byte[] buffer, int offset, int length) throws IOException {
    int got = super.read(buffer, offset, length);
    if (got > 0) {
      bytes += got;
      if (bytes > bytesMax) {
        throw new ImageException(
            what + " unpacks to more than " + bytesMax + " bytes; refused as too large");
      }
      digest.update(buffer, offset, got);
    }
    return got;
  }

  @Override
  public long skip(long count) throws IOException {
    // What is skipped belongs to the digest as well.
    byte[] scratch = new byte[(int) Math.min(SKIP_BYTES, Math.max(1, count))];
    int got = read(scratch, 0, (int) Math.min(scratch.length, count));
    return Math.max(got, 0);
  }

  @Override
  public boolean markSupported() {
    return false;
  }

  /** Reads the rest, then compares the digest, {@code sha256:HEX}, with that of the whole. */
  void requireDigest(String expected) throws IOException {
    byte[] rest = new byte[SKIP_BYTES];
    int got;
    do {
      got = read(rest, 0, rest.length);
    } while (got >= 0);
    String found = "sha256:" + HexFormat.of().formatHex(digest.digest());
    if (!found.equals(expected)) {
      throw new ImageException(
          what + " has the digest " + found + "; expected " + expected + "; copy it again");
    }
  }

  private static MessageDigest sha256() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java has SHA-256", e);
    }
  }
}
