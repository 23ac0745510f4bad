package io.tardigrade.block;

import io.tardigrade.linux.LinuxFile;
import java.io.IOException;
import java.nio.ByteBuffer;

/** A {@link BlockFile} in the host's file system. */
final class HostFile implements BlockFile {
  private static final int ZEROES_BYTES = 1 << 20;
  private static final ByteBuffer ZEROES = ByteBuffer.allocateDirect(ZEROES_BYTES);

  private final LinuxFile file;

  HostFile(LinuxFile file) {
    this.file = file;
  }

  @Override
  public void read(long position, ByteBuffer dst) throws IOException {
    if (dst.isDirect()) {
      file.read(position, dst);
      return;
    }
    ByteBuffer direct = ByteBuffer.allocateDirect(dst.remaining());
    file.read(position, direct);
    dst.put(direct.flip());
  }

  @Override
  public void write(long position, ByteBuffer src) throws IOException {
    if (src.isDirect()) {
      file.write(position, src);
      return;
    }
    file.write(position, ByteBuffer.allocateDirect(src.remaining()).put(src).flip());
  }

  @Override
  public void zero(long position, long length, boolean deallocate) throws IOException {
    if (length == 0 || file.zeroRange(position, length, deallocate)) {
      return;
    }
    for (long done = 0; done < length; ) {
      int n = (int) Math.min(ZEROES_BYTES, length - done);
      file.write(position + done, ZEROES.slice(0, n));
      done += n;
    }
  }

  @Override
  public void sync() throws IOException {
    file.sync();
  }

  @Override
  public long size() throws IOException {
    return file.size();
  }

  @Override
  public void truncate(long size) throws IOException {
    file.truncate(size);
  }

  @Override
  public void close() {
    file.close();
  }
}
