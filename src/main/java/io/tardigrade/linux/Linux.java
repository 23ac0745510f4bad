package io.tardigrade.linux;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.ref.Reference;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * The system calls, one method each, named as in section 2 of the Linux manual. File descriptors
 * are plain ints owned by the caller. Calls that can be interrupted are repeated on {@code EINTR};
 * every other error becomes a {@link LinuxException}, except where a method says otherwise. x86-64
 * only. Safe for use by any thread.
 */
public final class Linux {
  public static final int O_RDONLY = 0;
  public static final int O_RDWR = 2;
  public static final int O_NONBLOCK = 0x800;
  public static final int O_CLOEXEC = 0x80000;
  public static final int PROT_READ = 1;
  public static final int PROT_WRITE = 2;
  public static final int MAP_SHARED = 1;
  private static final int MAP_SHARED_VALIDATE_SYNC = 0x80003;
  public static final int FALLOC_FL_KEEP_SIZE = 1;
  public static final int FALLOC_FL_PUNCH_HOLE = 2;
  public static final short POLLIN = 1;
  public static final short POLLOUT = 4;
  public static final short POLLERR = 8;
  public static final short POLLHUP = 16;
  public static final int SIGKILL = 9;
  public static final int SIGTERM = 15;
  public static final int SIGCONT = 18;
  public static final int SIGSTOP = 19;

  private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG;

  private Linux() {}

  /** Opens {@code path}; {@code O_CLOEXEC} is always added. */
  public static int open(Path path, int flags) throws LinuxException {
    return open(path, flags, 0);
  }

  /** As {@link #open(Path, int)}, for flags that may create the file, which then has this mode. */
  static int open(Path path, int flags, int mode) throws LinuxException {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment name = arena.allocateFrom(path.toString());
      while (true) {
        long fd = Syscall.memory(Syscall.OPEN, name, flags | O_CLOEXEC, mode, 0);
        if (fd != -Errno.EINTR) {
          return (int) checked("open " + path, fd);
        }
      }
    }
  }

  /**
   * Closes {@code fd}. Errors are ignored: Linux has released the descriptor in every case but
   * EBADF.
   */
  public static void close(int fd) {
    long _ = Syscall.numbers(Syscall.CLOSE, fd, 0);
  }

  /**
   * Reads into {@code buffer}.
   *
   * @return bytes read, 0 at end of file, -1 where the descriptor is non-blocking and nothing is
   *     there
   */
  public static long read(int fd, MemorySegment buffer) throws LinuxException {
    long n = Syscall.buffer(Syscall.READ, fd, buffer, buffer.byteSize(), 0);
    return n == -Errno.EAGAIN ? -1 : checked("read", n);
  }

  /**
   * Writes from {@code buffer}, possibly less than all of it.
   *
   * @return bytes written, -1 where the descriptor is non-blocking and would block
   */
  public static long write(int fd, MemorySegment buffer) throws LinuxException {
    long n = Syscall.buffer(Syscall.WRITE, fd, buffer, buffer.byteSize(), 0);
    return n == -Errno.EAGAIN ? -1 : checked("write", n);
  }

  /** Reads at {@code offset}; returns the bytes read, 0 at end of file. */
  public static long pread(int fd, MemorySegment buffer, long offset) throws LinuxException {
    return checked("pread", Syscall.buffer(Syscall.PREAD64, fd, buffer, buffer.byteSize(), offset));
  }

  /**
   * An ioctl with a pointer argument; {@code what} names it in errors. Returns the call's result.
   */
  public static int ioctl(String what, int fd, long request, MemorySegment argument)
      throws LinuxException {
    // SAFETY: every caller passes the structure that its request expects (see there), and keeps it.
    try {
      long result = Syscall.numbers(Syscall.IOCTL, fd, request, argument.address(), 0, 0, 0);
      return (int) checked(what, result);
    } finally {
      Reference.reachabilityFence(argument);
    }
  }

  /**
   * Maps {@code size} bytes of a file, shared, for reading and writing, until {@code arena} closes.
   *
   * <p>Unlike {@code FileChannel.map} this leaves the descriptor and its offset alone and never
   * extends the file.
   */
  public static MemorySegment mmapShared(int fd, long size, Arena arena) throws LinuxException {
    return map(fd, size, MAP_SHARED, arena);
  }

  /**
   * As {@link #mmapShared}, and a store into the mapping finds the file's space recorded durably
   * before it takes effect (MAP_SYNC); null where it does not lie in directly mapped memory (DAX).
   */
  public static @Nullable MemorySegment mmapSynchronous(int fd, long size, Arena arena)
      throws LinuxException {
    try {
      return map(fd, size, MAP_SHARED_VALIDATE_SYNC, arena);
    } catch (LinuxException e) {
      if (e.errno() == Errno.EOPNOTSUPP || e.errno() == Errno.EINVAL) {
        return null;
      }
      throw e;
    }
  }

  private static MemorySegment map(int fd, long size, int flags, Arena arena)
      throws LinuxException {
    // SAFETY: a fresh mapping chosen by the kernel; it aliases no Java object.
    long address =
        checked(
            "mmap of " + size + " bytes",
            Syscall.numbers(Syscall.MMAP, 0, size, PROT_READ | PROT_WRITE, flags, fd, 0));
    return MemorySegment.ofAddress(address).reinterpret(size, arena, Linux::munmap);
  }

  private static void munmap(MemorySegment segment) {
    // SAFETY: called once, by the arena that owned the mapping; no segment over it is alive any
    // more.
    long _ = Syscall.numbers(Syscall.MUNMAP, segment.address(), segment.byteSize());
  }

  /**
   * Allocates the space of a range of a file, or gives it back, as {@code mode} says; 0 allocates
   * and extends the file where needed.
   */
  public static void fallocate(int fd, int mode, long offset, long bytes) throws LinuxException {
    var _ =
        checked(
            "fallocate of " + bytes + " bytes",
            Syscall.numbers(Syscall.FALLOCATE, fd, mode, offset, bytes, 0, 0));
  }

  /**
   * Waits for events on {@code count} pollfd structures (int fd, short events, short revents).
   *
   * @param timeoutMillis at most this long; 0 returns at once, -1 waits for ever
   * @return how many are ready, 0 on timeout or when interrupted by a signal
   */
  public static int poll(MemorySegment pollfds, int count, int timeoutMillis)
      throws LinuxException {
    // SAFETY: callers pass at least count structures of 8 bytes.
    return ready("poll", Syscall.memory(Syscall.POLL, pollfds, count, timeoutMillis, 0));
  }

  /**
   * As {@link #poll}, with a timeout in nanoseconds: a wait of a few hundred microseconds is usual
   * between two looks at a busy guest.
   *
   * @param timespec 16 bytes of scratch space
   */
  public static int ppoll(
      MemorySegment pollfds, int count, long timeoutNanos, MemorySegment timespec)
      throws LinuxException {
    timespec.set(LONG, 0, timeoutNanos / 1_000_000_000);
    timespec.set(LONG, 8, timeoutNanos % 1_000_000_000);
    // SAFETY: callers pass at least count structures of 8 bytes, and a struct timespec.
    try {
      return ready("ppoll", Syscall.memory(Syscall.PPOLL, pollfds, count, timespec.address(), 0));
    } finally {
      Reference.reachabilityFence(timespec);
    }
  }

  private static int ready(String what, long result) throws LinuxException {
    return result == -Errno.EINTR ? 0 : (int) checked(what, result);
  }

  /** A file in memory without a name, close-on-exec. */
  public static int memfdCreate(String label) throws LinuxException {
    try (Arena arena = Arena.ofConfined()) {
      return (int)
          checked(
              "memfd_create",
              Syscall.memory(Syscall.MEMFD_CREATE, arena.allocateFrom(label), 1, 0, 0));
    }
  }

  /** Moves a descriptor's offset: {@code whence} 0 from the start, 1 from where it is. */
  public static long lseek(int fd, long offset, int whence) throws LinuxException {
    return checked("lseek", Syscall.numbers(Syscall.LSEEK, fd, offset, whence, 0, 0, 0));
  }

  /**
   * A descriptor for the process {@code pid} that becomes readable when it dies; ESRCH where there
   * is none.
   */
  public static int pidfdOpen(long pid) throws LinuxException {
    return (int) checked("pidfd_open " + pid, Syscall.numbers(Syscall.PIDFD_OPEN, pid, 0));
  }

  /**
   * Sends a signal to the very process that {@code pidfd} refers to, never to a later one with its
   * number.
   */
  public static void pidfdSendSignal(int pidfd, int signal) throws LinuxException {
    var _ = checked("pidfd_send_signal", Syscall.numbers(Syscall.PIDFD_SEND_SIGNAL, pidfd, signal));
  }

  /** A new userfaultfd, as many kernels give to root alone unless it is of user mode only. */
  public static int userfaultfd(int flags) throws LinuxException {
    return (int) checked("userfaultfd", Syscall.numbers(Syscall.USERFAULTFD, flags, 0));
  }

  /**
   * Copies memory of another process. The vectors are arrays of (address, length) pairs of 8 bytes
   * each.
   *
   * @return bytes copied, which may be fewer than asked for where the remote range ends
   */
  public static long processVmReadv(
      long pid,
      MemorySegment localVectors,
      long localCount,
      MemorySegment remoteVectors,
      long remoteCount)
      throws LinuxException {
    return vectors(
        Syscall.PROCESS_VM_READV, pid, localVectors, localCount, remoteVectors, remoteCount);
  }

  /** As {@link #processVmReadv}, the other way round. */
  public static long processVmWritev(
      long pid,
      MemorySegment localVectors,
      long localCount,
      MemorySegment remoteVectors,
      long remoteCount)
      throws LinuxException {
    return vectors(
        Syscall.PROCESS_VM_WRITEV, pid, localVectors, localCount, remoteVectors, remoteCount);
  }

  private static long vectors(
      int number,
      long pid,
      MemorySegment localVectors,
      long localCount,
      MemorySegment remoteVectors,
      long remoteCount)
      throws LinuxException {
    // SAFETY: the callers pass arrays of at least so many pairs, and keep what they point to.
    try {
      long result =
          Syscall.numbers(
              number,
              pid,
              localVectors.address(),
              localCount,
              remoteVectors.address(),
              remoteCount,
              0);
      if (result < 0) {
        throw new LinuxException("copying memory of process " + pid, (int) -result);
      }
      return result;
    } finally {
      Reference.reachabilityFence(localVectors);
      Reference.reachabilityFence(remoteVectors);
    }
  }

  /** A new Unix stream socket, close-on-exec. */
  static int unixSocket() throws LinuxException {
    return (int) checked("socket", Syscall.numbers(Syscall.SOCKET, 1, 1 | O_CLOEXEC));
  }

  static int unixDatagramSocket() throws LinuxException {
    return (int) checked("socket", Syscall.numbers(Syscall.SOCKET, 1, 2 | O_CLOEXEC));
  }

  static void bind(int fd, MemorySegment address, int length, String what) throws LinuxException {
    var _ = checked(what, Syscall.buffer(Syscall.BIND, fd, address, length, 0));
  }

  static void listen(int fd, int backlog) throws LinuxException {
    var _ = checked("listen", Syscall.numbers(Syscall.LISTEN, fd, backlog));
  }

  static int accept(int fd) throws LinuxException {
    return (int) checked("accept", Syscall.numbers(Syscall.ACCEPT4, fd, 0, 0, O_CLOEXEC, 0, 0));
  }

  static void connect(int fd, MemorySegment address, int length, String what)
      throws LinuxException {
    var _ = checked(what, Syscall.buffer(Syscall.CONNECT, fd, address, length, 0));
  }

  static long sendmsg(int fd, MemorySegment header, int flags) throws LinuxException {
    return checked("sendmsg", Syscall.buffer(Syscall.SENDMSG, fd, header, flags, 0));
  }

  static long recvmsg(int fd, MemorySegment header, int flags) throws LinuxException {
    return checked("recvmsg", Syscall.buffer(Syscall.RECVMSG, fd, header, flags, 0));
  }

  /** A counter descriptor, non-blocking, used to wake a thread that polls. */
  public static int eventfd() throws LinuxException {
    return (int) checked("eventfd", Syscall.numbers(Syscall.EVENTFD2, 0, O_NONBLOCK | O_CLOEXEC));
  }

  /** The effective user of this process; 0 is root. */
  public static int geteuid() {
    return (int) Syscall.numbers(Syscall.GETEUID, 0, 0);
  }

  /** Changes owner and group of a file; -1 leaves one as it is. */
  public static void chown(Path path, int uid, int gid) throws LinuxException {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment name = arena.allocateFrom(path.toString());
      var _ = checked("chown " + path, Syscall.memory(Syscall.CHOWN, name, uid, gid, 0));
    }
  }

  /** Sends {@code signal} to {@code pid}; prefer {@link #pidfdSendSignal}. */
  public static void kill(long pid, int signal) throws LinuxException {
    var _ = checked("kill " + pid, Syscall.numbers(Syscall.KILL, pid, signal));
  }

  /** The result of a call, or what its negative error number says. */
  static long checked(String what, long result) throws LinuxException {
    if (result < 0) {
      throw new LinuxException(what, (int) -result);
    }
    return result;
  }
}
