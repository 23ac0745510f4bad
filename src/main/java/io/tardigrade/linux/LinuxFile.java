package io.tardigrade.linux;

import java.io.Closeable;
import java.io.EOFException;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
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
  private static final int EOPNOTSUPP = 95;

  private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT;
  private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG;
  private static final MethodHandle OPEN =
      Linux.handle("open", 2, INT, ValueLayout.ADDRESS, INT, INT);
  private static final MethodHandle PREAD =
      Linux.handle("pread", -1, LONG, INT, ValueLayout.ADDRESS, LONG, LONG);
  private static final MethodHandle PWRITE =
      Linux.handle("pwrite", -1, LONG, INT, ValueLayout.ADDRESS, LONG, LONG);
  private static final MethodHandle LSEEK = Linux.handle("lseek", -1, LONG, INT, LONG, INT);
  private static final MethodHandle FSYNC = Linux.handle("fsync", -1, INT, INT);
  private static final MethodHandle FDATASYNC = Linux.handle("fdatasync", -1, INT, INT);
  private static final MethodHandle FTRUNCATE = Linux.handle("ftruncate", -1, INT, INT, LONG);
  private static final MethodHandle FALLOCATE =
      Linux.handle("fallocate", -1, INT, INT, INT, LONG, LONG);
  private static final MethodHandle FLOCK = Linux.handle("flock", -1, INT, INT, INT);

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
    MemorySegment slot = Linux.ERRNO_SLOT.get();
    try (Arena arena = Arena.ofConfined()) {
      // SAFETY: the path is a NUL-terminated copy that lives until the call returns.
      int fd =
          (int)
              OPEN.invokeExact(
                  slot,
                  arena.allocateFrom(path.toString()),
                  Linux.O_RDWR | Linux.O_CLOEXEC | O_CREAT,
                  0600);
      if (fd < 0) {
        throw new LinuxException("open " + path, Linux.errno(slot));
      }
      return new LinuxFile(fd, path);
    } catch (IOException e) {
      throw e;
    } catch (Throwable t) {
      throw Linux.unexpected(t);
    }
  }

  /** Makes the entries of a directory durable: files created, renamed or deleted in it. */
  public static void syncDirectory(Path directory) throws IOException {
    try (LinuxFile file = new LinuxFile(Linux.open(directory, Linux.O_RDONLY), directory)) {
      check("fsync", file.path, call(() -> (int) FSYNC.invokeExact(slot(), file.fd)));
    }
  }

  /**
   * Takes the exclusive lock of the file, released by {@link #close} or by the death of the
   * process. Two openings within one process exclude each other as well.
   *
   * @return false where someone else holds it
   */
  public boolean tryLock() throws IOException {
    long result = call(() -> (int) FLOCK.invokeExact(slot(), fd, LOCK_EX | LOCK_NB));
    if (result < 0 && Linux.errno(slot()) == Errno.EAGAIN) {
      return false;
    }
    check("flock", path, result);
    return true;
  }

  /**
   * Fills the rest of {@code dst} from {@code position}; {@link EOFException} where the file ends.
   */
  public void read(long position, ByteBuffer dst) throws IOException {
    while (dst.hasRemaining()) {
      MemorySegment target = MemorySegment.ofBuffer(dst);
      long at = position;
      // SAFETY: the kernel writes at most byteSize() bytes into the buffer, alive as a parameter.
      long n = call(() -> (long) PREAD.invokeExact(slot(), fd, target, target.byteSize(), at));
      check("read", path, n);
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
      long at = position;
      // SAFETY: the kernel reads at most byteSize() bytes of the buffer, alive as a parameter.
      long n = call(() -> (long) PWRITE.invokeExact(slot(), fd, source, source.byteSize(), at));
      check("write", path, n);
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
    long result = call(() -> (int) FALLOCATE.invokeExact(slot(), fd, mode, position, length));
    if (result < 0 && Linux.errno(slot()) == EOPNOTSUPP) {
      return false;
    }
    check("fallocate", path, result);
    return true;
  }

  /** Makes everything written so far durable (fdatasync). */
  public void sync() throws IOException {
    check("fdatasync", path, call(() -> (int) FDATASYNC.invokeExact(slot(), fd)));
  }

  /** The size in bytes, of a block device too. */
  public long size() throws IOException {
    return check("lseek", path, call(() -> (long) LSEEK.invokeExact(slot(), fd, 0L, SEEK_END)));
  }

  /** Sets the size; what is added reads as zeroes. */
  public void truncate(long size) throws IOException {
    check("ftruncate", path, call(() -> (int) FTRUNCATE.invokeExact(slot(), fd, size)));
  }

  @Override
  public void close() {
    if (closed.compareAndSet(false, true)) {
      Linux.close(fd);
    }
  }

  private static MemorySegment slot() {
    return Linux.ERRNO_SLOT.get();
  }

  @FunctionalInterface
  private interface Call {
    long call() throws Throwable;
  }

  // SAFETY (for all users): arguments are ints, longs, and segments that live over the call.
  private static long call(Call call) {
    try {
      while (true) {
        long n = call.call();
        if (n >= 0 || Linux.errno(slot()) != Errno.EINTR) {
          return n;
        }
      }
    } catch (Throwable t) {
      throw Linux.unexpected(t);
    }
  }

  private static long check(String what, Path path, long result) throws LinuxException {
    if (result < 0) {
      throw new LinuxException(what + " " + path, Linux.errno(slot()));
    }
    return result;
  }
}
