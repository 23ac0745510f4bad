package io.tardigrade.block;

import io.tardigrade.linux.Errno;
import io.tardigrade.linux.LinuxException;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;

/**
 * Files in memory, on a machine that can be stopped before any step that changes them.
 *
 * <p>Fault model. A step is a write, a zeroing, a truncation or a sync. When the process is killed,
 * every step before is there, and of the write it died in some prefix; nothing more. When power is
 * lost, each file has what it had at its last sync, and of each step since then any subset of its
 * 512-byte sectors, independently of the other steps. A sector once synced is never harmed by a
 * write that does not touch it.
 */
final class SimulatedDisk {
  private static final int SECTOR = 512;

  /** Thrown where the machine stops; not an IOException, so that no error handling sees it. */
  static final class Crash extends RuntimeException {
    private static final long serialVersionUID = 1L;
  }

  private final List<File> files = new ArrayList<>();
  private final Random random;
  private long steps;
  private long crashAt = Long.MAX_VALUE;
  private boolean crashed;

  SimulatedDisk(long seed) {
    random = new Random(seed);
  }

  /** A new, empty file. */
  File create() {
    File file = new File();
    files.add(file);
    return file;
  }

  File file(int index) {
    return files.get(index);
  }

  long steps() {
    return steps;
  }

  /** Stops the machine before the {@code step}th step from now, 0 being the next. */
  void crashAfter(long step) {
    crashAt = steps + step;
  }

  /** The process is gone, the page cache is not. */
  void restart() {
    crashed = false;
    crashAt = Long.MAX_VALUE;
  }

  /** The page cache is gone too. */
  void losePower() {
    restart();
    files.forEach(File::losePower);
  }

  /** This disk with everything in it, going on with another seed. */
  SimulatedDisk copy(long seed) {
    SimulatedDisk copy = new SimulatedDisk(seed);
    for (File file : files) {
      File twin = copy.create();
      twin.current = file.current.clone();
      twin.durable = file.durable.clone();
      twin.unsynced.addAll(file.unsynced);
    }
    return copy;
  }

  private void step() {
    if (crashed || steps == crashAt) {
      crashed = true;
      throw new Crash();
    }
    steps++;
  }

  /** Bytes put at a position, or a new size where that is not negative. */
  private static final class Op {
    final long position;
    final byte[] bytes;
    final long size;

    Op(long position, byte[] bytes, long size) {
      this.position = position;
      this.bytes = bytes;
      this.size = size;
    }
  }

  final class File implements BlockFile {
    private byte[] current = new byte[0];
    private byte[] durable = new byte[0];
    private final List<Op> unsynced = new ArrayList<>();
    long sizeMax = Long.MAX_VALUE;
    boolean syncFails;

    byte[] content() {
      return current.clone();
    }

    void overwrite(int position, byte value) {
      current[position] = value;
    }

    @Override
    public void read(long position, ByteBuffer dst) throws IOException {
      if (crashed) {
        throw new Crash();
      }
      if (position + dst.remaining() > current.length) {
        throw new EOFException("read behind the end");
      }
      dst.put(current, (int) position, dst.remaining());
    }

    @Override
    public void write(long position, ByteBuffer src) throws IOException {
      byte[] bytes = new byte[src.remaining()];
      src.get(bytes);
      if (steps == crashAt && !crashed) {
        put(new Op(position, Arrays.copyOf(bytes, random.nextInt(bytes.length + 1)), -1));
      }
      step();
      if (position + bytes.length > sizeMax) {
        int fits = (int) Math.max(0, sizeMax - position);
        put(new Op(position, Arrays.copyOf(bytes, fits), -1));
        throw new LinuxException("write", Errno.ENOSPC);
      }
      put(new Op(position, bytes, -1));
    }

    @Override
    public void zero(long position, long length, boolean deallocate) {
      step();
      put(new Op(position, new byte[(int) length], -1));
    }

    @Override
    public void truncate(long size) {
      step();
      put(new Op(0, new byte[0], size));
    }

    @Override
    public void sync() throws IOException {
      step();
      if (syncFails) {
        throw new LinuxException("fdatasync", Errno.EIO);
      }
      durable = current.clone();
      unsynced.clear();
    }

    @Override
    public long size() {
      return current.length;
    }

    @Override
    public void close() {}

    private void put(Op op) {
      current = applied(current, op.position, op.bytes, op.size);
      unsynced.add(op);
    }

    private void losePower() {
      byte[] content = durable;
      for (Op op : unsynced) {
        if (op.size >= 0) {
          content = random.nextBoolean() ? applied(content, 0, op.bytes, op.size) : content;
          continue;
        }
        int luck = random.nextInt(3);
        for (int at = 0; at < op.bytes.length; ) {
          int n = (int) Math.min(SECTOR - (op.position + at) % SECTOR, op.bytes.length - at);
          if (luck == 0 || (luck == 1 && random.nextBoolean())) {
            byte[] part = Arrays.copyOfRange(op.bytes, at, at + n);
            content = applied(content, op.position + at, part, -1);
          }
          at += n;
        }
      }
      current = content.clone();
      durable = content.clone();
      unsynced.clear();
    }

    private static byte[] applied(byte[] to, long position, byte[] bytes, long size) {
      if (size >= 0) {
        return Arrays.copyOf(to, (int) size);
      }
      int end = (int) position + bytes.length;
      byte[] result = end > to.length ? Arrays.copyOf(to, end) : to.clone();
      System.arraycopy(bytes, 0, result, (int) position, bytes.length);
      return result;
    }
  }
}
