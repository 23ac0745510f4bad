package io.tardigrade.block;

import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Volumes on files in memory, for tests of what uses them: every change of a file is told first,
 * and whoever is told may throw, as the machine stops there.
 */
public final class HookedVolumes {
  private final Runnable beforeChange;
  private final List<MemoryFile[]> files = new ArrayList<>();

  /** While set, nothing more can be written: the host's file system is full. */
  public volatile boolean full;

  public HookedVolumes(int volumes, int bytes, Runnable beforeChange) {
    this.beforeChange = beforeChange;
    for (int i = 0; i < volumes; i++) {
      MemoryFile base = new MemoryFile();
      base.content = new byte[bytes];
      files.add(new MemoryFile[] {base, new MemoryFile(), new MemoryFile()});
    }
  }

  /** Opens them as a guardian does that has just started. */
  public VolumeSet open() throws IOException {
    List<Volume> volumes = new ArrayList<>();
    for (MemoryFile[] file : files) {
      volumes.add(new Volume(file[0], file[1], file[2], 1 << 14));
    }
    return new VolumeSet(volumes);
  }

  /** What the base file of a volume holds. */
  public byte[] base(int volume) {
    return files.get(volume)[0].content.clone();
  }

  private final class MemoryFile implements BlockFile {
    private byte[] content = new byte[0];

    @Override
    public synchronized void read(long position, ByteBuffer dst) throws IOException {
      if (position + dst.remaining() > content.length) {
        throw new EOFException("read behind the end");
      }
      dst.put(content, (int) position, dst.remaining());
    }

    @Override
    public synchronized void write(long position, ByteBuffer src) throws IOException {
      beforeChange.run();
      if (full) {
        throw new IOException("no space left (ENOSPC)");
      }
      int end = (int) position + src.remaining();
      content = end > content.length ? Arrays.copyOf(content, end) : content;
      src.get(content, (int) position, src.remaining());
    }

    @Override
    public synchronized void zero(long position, long length, boolean deallocate) {
      beforeChange.run();
      Arrays.fill(content, (int) position, (int) (position + length), (byte) 0);
    }

    @Override
    public void sync() {
      beforeChange.run();
    }

    @Override
    public synchronized long size() {
      return content.length;
    }

    @Override
    public synchronized void truncate(long size) {
      beforeChange.run();
      content = Arrays.copyOf(content, (int) size);
    }

    @Override
    public void close() {}
  }
}
