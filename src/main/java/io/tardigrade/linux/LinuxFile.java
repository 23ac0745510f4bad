package io.tardigrade.linux;

import java.io.Closeable;
import java.io.EOFException;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * An open regular file (or block device) with positional reads and writes.
 *
 * <p>Not a {@code FileChannel}, for two reasons: a thread that is interrupted while inside one
 * closes the channel under all others, and its errors carry no error number, which a block server
 * has to pass on. Every method may be called by any number of threads at once, except that {@link
 * #close} must come last. Buffers must be direct.
 */
public final class LinuxFile implements Closeable {
  private static final int O_CREAT = 0x40;
  private static final int LOCK_EX = 2;
  private static final int LOCK_NB = 4;
  private static final int SEEK_END = 2;
  private static final int FALLOC_KEEP_SIZE = 1;
  private static final int FALLOC_PUNCH_HOLE = 2;
  private static final int FALLOC_ZERO_RANGE = 16;

  private final int fd;
  private final Path path;
  private final AtomicBoolean closed = new AtomicBoolean();

  private LinuxFile(int fd, Path path) {
    this.fd = fd;
    this.path = path;
  }

  /** Opens an existing file for reading and writing. */
  public static LinuxFile open(Path path) throws IOException {
    return new LinuxFile(Linux.open(path, Linux.O_RDWR), path);
  }

  /** Opens a file for reading and writing, creating it (mode 0600) where there is none. */
  public static LinuxFile openOrCreate(Path path) throws IOException {
    return new LinuxFile(Linux.open(path, Linux.O_RDWR | O_CREAT, 0600), path);
  }

  /** Makes the entries of a directory durable: files created, renamed or deleted in it. */
  public static void syncDirectory(Path directory) throws IOException {
    try (LinuxFile file = new LinuxFile(Linux.open(directory, Linux.O_RDONLY), directory)) {
      var _ = file.checked("fsync", Syscall.numbers(Syscall.FSYNC, file.fd, 0));
    }
  }

  /**
   * Takes the exclusive lock of the file, released by {@link #close} or by the death of the
   * process. Two openings within one process exclude each other as well.
   *
   * @return false where someone else holds it
   */
  public boolean tryLock() throws IOException {
    long result = Syscall.numbers(Syscall.FLOCK, fd, LOCK_EX | LOCK_NB);
    if (result == -Errno.EAGAIN) {
      return false;
    }
    var _ = checked("flock", result);
    return true;
  }

  /**
   * Fills the rest of {@code dst} from {@code position}; {@link EOFException} where the file ends.
   */
  public void read(long position, ByteBuffer dst) throws IOException {
    while (dst.hasRemaining()) {
      MemorySegment target = MemorySegment.ofBuffer(dst);
      long n =
          checked("read", Syscall.buffer(Syscall.PREAD64, fd, target, target.byteSize(), position));
      if (n == 0) {
        throw new EOFException(
            path + " ends before byte " + (position + dst.remaining()) + "; was it cut off?");
      }
      dst.position(dst.position() + (int) n);
      position += n;
    }
  }

  /** Writes the rest of {@code src} at {@code position}; not durable before {@link #sync}. */
  public void write(long position, ByteBuffer src) throws IOException {
    while (src.hasRemaining()) {
      MemorySegment source = MemorySegment.ofBuffer(src);
      long n =
          checked(
              "write", Syscall.buffer(Syscall.PWRITE64, fd, source, source.byteSize(), position));
      src.position(src.position() + (int) n);
      position += n;
    }
  }

  /**
   * Has the file system turn a range into zeroes without writing them; the size stays.
   *
   * @param deallocate true gives the blocks back, false keeps them allocated
   * @return false where the file system cannot; nothing has changed then
   */
  public boolean zeroRange(long position, long length, boolean deallocate) throws IOException {
    int mode = FALLOC_KEEP_SIZE | (deallocate ? FALLOC_PUNCH_HOLE : FALLOC_ZERO_RANGE);
    long result = Syscall.numbers(Syscall.FALLOCATE, fd, mode, position, length, 0, 0);
    if (result == -Errno.EOPNOTSUPP) {
      return false;
    }
    var _ = checked("fallocate", result);
    return true;
  }

  /** Makes everything written so far durable (fdatasync). */
  public void sync() throws IOException {
    var _ = checked("fdatasync", Syscall.numbers(Syscall.FDATASYNC, fd, 0));
  }

  /** The size in bytes, of a block device too. */
  public long size() throws IOException {
    return checked("lseek", Syscall.numbers(Syscall.LSEEK, fd, 0, SEEK_END, 0, 0, 0));
  }

  /** Sets the size; what is added reads as zeroes. */
  public void truncate(long size) throws IOException {
    var _ = checked("ftruncate", Syscall.numbers(Syscall.FTRUNCATE, fd, size));
  }

  @Override
  public void close() {
    if (closed.compareAndSet(false, true)) {
      Linux.close(fd);
    }
  }

  private long checked(String what, long result) throws LinuxException {
    if (result < 0) {
      throw new LinuxException(what + " " + path, (int) -result);
    }
    return result;
  }
}
