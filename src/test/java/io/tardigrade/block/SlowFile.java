package io.tardigrade.block;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.concurrent.CountDownLatch;

/** A file whose writes, once it is stuck, wait until it is released. */
final class SlowFile implements BlockFile {
  private final BlockFile file;
  final CountDownLatch reached = new CountDownLatch(1);
  final CountDownLatch released = new CountDownLatch(1);
  volatile boolean stuck;

  SlowFile(BlockFile file) {
    this.file = file;
  }

  @Override
  public void read(long position, ByteBuffer dst) throws IOException {
    file.read(position, dst);
  }

  @Override
  public void write(long position, ByteBuffer src) throws IOException {
    if (stuck) {
      reached.countDown();
      try {
        released.await();
      } catch (InterruptedException e) {
        throw new IOException(e);
      }
    }
    file.write(position, src);
  }

  @Override
  public void zero(long position, long length, boolean deallocate) throws IOException {
    file.zero(position, length, deallocate);
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
  public void close() throws IOException {
    file.close();
  }
}
