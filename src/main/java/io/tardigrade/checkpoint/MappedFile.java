package io.tardigrade.checkpoint;

import io.tardigrade.linux.Errno;
import io.tardigrade.linux.Linux;
import io.tardigrade.linux.LinuxException;
import io.tardigrade.linux.LinuxFile;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.VarHandle;
import java.nio.ByteBuffer;
import java.nio.file.Path;

/**
 * A real file, mapped shared: what is stored outlives this process however it ends. Where the file
 * lies in memory that a reset preserves (DAX), it outlives the operating system as well: space is
 * filled as it is allocated and recorded durably, since a crashed kernel takes with it what its
 * journal had not said yet, and space that was allocated and not written would then read as zeros.
 */
final class MappedFile implements StorageFile {
  private static final VarHandle WORD = LONG.varHandle();

  /** A signal makes the kernel undo the whole call, so large ranges are allocated piecemeal. */
  private static final long ALLOCATE_BYTES_AT_ONCE = 64L << 20;

  private static final int SEEK_DATA = 3;
  private static final int SEEK_HOLE = 4;
  private static final int FILL_BYTES_AT_ONCE = 1 << 20;

  private final Path name;
  private final int fd;
  private final Arena arena;
  private final MemorySegment memory;
  private final boolean preserved;

  private MappedFile(Path name, int fd, Arena arena, MemorySegment memory, boolean preserved) {
    this.preserved = preserved;
    this.name = name;
    this.fd = fd;
    this.arena = arena;
    this.memory = memory;
  }

  /**
   * Maps the file at {@code path}, which is, or is going to be, called {@code name}; the mapping
   * lasts until {@link #close}, which closes its arena.
   */
  @SuppressWarnings("MustBeClosedChecker")
  static MappedFile map(Path path, Path name, long bytes) throws IOException {
    int fd = Linux.open(path, Linux.O_RDWR);
    Arena arena = Arena.ofShared();
    try {
      MemorySegment preserved = Linux.mmapSynchronous(fd, bytes, arena);
      if (preserved != null) {
        return new MappedFile(name, fd, arena, preserved, true);
      }
      return new MappedFile(name, fd, arena, Linux.mmapShared(fd, bytes, arena), false);
    } catch (LinuxException | RuntimeException e) {
      arena.close();
      Linux.close(fd);
      throw e;
    }
  }

  @Override
  public MemorySegment memory() {
    return memory;
  }

  @Override
  public void copyFrom(MemorySegment source, long sourceOffset, long offset, long bytes) {
    MemorySegment.copy(source, sourceOffset, memory, offset, bytes);
  }

  @Override
  public void put(long offset, long value) {
    memory.set(LONG, offset, value);
  }

  @Override
  public void publish(long offset, long value) {
    VarHandle.fullFence();
    WORD.setVolatile(memory, offset, value);
    VarHandle.fullFence();
  }

  @Override
  public void allocate(long offset, long bytes) throws IOException {
    for (long done = 0; done < bytes; ) {
      long step = Math.min(bytes - done, ALLOCATE_BYTES_AT_ONCE);
      try {
        Linux.fallocate(fd, 0, offset + done, step);
      } catch (LinuxException e) {
        if (e.errno() == Errno.ENOSPC || e.errno() == Errno.ENOMEM) {
          throw NoSpaceException.of(name, bytes);
        }
        throw e;
      }
      done += step;
    }
    if (preserved) {
      fillHoles(fd, offset, bytes);
    }
  }

  /** Writes zeros where a range of a file holds nothing yet, and makes that durable. */
  static void fillHoles(int fd, long offset, long bytes) throws IOException {
    long end = offset + bytes;
    try (LinuxFile file = LinuxFile.open(Path.of("/proc/self/fd/" + fd))) {
      ByteBuffer zeroes = ByteBuffer.allocateDirect((int) Math.min(bytes, FILL_BYTES_AT_ONCE));
      long at = offset;
      while (at < end) {
        long hole = Math.min(end, Linux.lseek(fd, at, SEEK_HOLE));
        long data = hole < end ? Math.min(end, dataAfter(fd, hole, end)) : end;
        for (long done = hole; done < data; done += zeroes.limit()) {
          zeroes.clear().limit((int) Math.min(zeroes.capacity(), data - done));
          file.write(done, zeroes);
        }
        at = data;
      }
      file.sync();
    }
  }

  private static long dataAfter(int fd, long hole, long end) throws LinuxException {
    try {
      return Linux.lseek(fd, hole, SEEK_DATA);
    } catch (LinuxException e) {
      if (e.errno() == Errno.ENXIO) {
        return end;
      }
      throw e;
    }
  }

  /** Whether a reset of the operating system leaves the file as it is. */
  boolean isPreserved() {
    return preserved;
  }

  @Override
  public void release(long offset, long bytes) throws IOException {
    if (bytes > 0) {
      Linux.fallocate(fd, Linux.FALLOC_FL_PUNCH_HOLE | Linux.FALLOC_FL_KEEP_SIZE, offset, bytes);
    }
  }

  @Override
  public void close() {
    if (arena.scope().isAlive()) {
      arena.close();
      Linux.close(fd);
    }
  }
}
