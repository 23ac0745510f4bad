package io.tardigrade.linux;

import java.lang.foreign.AddressLayout;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.VarHandle;
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

  private static final int SYS_PROCESS_VM_READV = 310;
  private static final int SYS_PROCESS_VM_WRITEV = 311;
  private static final int SYS_USERFAULTFD = 323;
  private static final int SYS_PIDFD_SEND_SIGNAL = 424;
  private static final int SYS_PIDFD_OPEN = 434;

  private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT;
  private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG;
  private static final AddressLayout PTR = ValueLayout.ADDRESS;

  private static final Linker LINKER = Linker.nativeLinker();
  static final Linker.Option ERRNO_OPTION = Linker.Option.captureCallState("errno");
  private static final MemoryLayout ERRNO_LAYOUT = Linker.Option.captureStateLayout();
  private static final VarHandle ERRNO =
      ERRNO_LAYOUT.varHandle(MemoryLayout.PathElement.groupElement("errno"));

  /** One errno slot per thread: capturing it then allocates nothing on the checkpoint path. */
  static final ThreadLocal<MemorySegment> ERRNO_SLOT =
      ThreadLocal.withInitial(() -> Arena.ofAuto().allocate(ERRNO_LAYOUT));

  private static final MethodHandle OPEN = handle("open", 2, INT, PTR, INT, INT);
  private static final MethodHandle CLOSE = handle("close", -1, INT, INT);
  private static final MethodHandle READ = handle("read", -1, LONG, INT, PTR, LONG);
  private static final MethodHandle WRITE = handle("write", -1, LONG, INT, PTR, LONG);
  private static final MethodHandle PREAD = handle("pread", -1, LONG, INT, PTR, LONG, LONG);
  private static final MethodHandle IOCTL = handle("ioctl", 2, INT, INT, LONG, PTR);
  private static final MethodHandle MMAP = handle("mmap", -1, PTR, PTR, LONG, INT, INT, INT, LONG);
  private static final MethodHandle MUNMAP = handle("munmap", -1, INT, PTR, LONG);
  private static final MethodHandle FALLOCATE = handle("fallocate", -1, INT, INT, INT, LONG, LONG);
  private static final MethodHandle POLL = handle("poll", -1, INT, PTR, LONG, INT);
  private static final MethodHandle PPOLL = handle("ppoll", -1, INT, PTR, LONG, PTR, PTR);
  private static final MethodHandle MEMFD_CREATE = handle("memfd_create", -1, INT, PTR, INT);
  private static final MethodHandle LSEEK = handle("lseek", -1, LONG, INT, LONG, INT);
  private static final MethodHandle SOCKET = handle("socket", -1, INT, INT, INT, INT);
  private static final MethodHandle BIND = handle("bind", -1, INT, INT, PTR, INT);
  private static final MethodHandle LISTEN = handle("listen", -1, INT, INT, INT);
  private static final MethodHandle ACCEPT4 = handle("accept4", -1, INT, INT, PTR, PTR, INT);
  private static final MethodHandle CONNECT = handle("connect", -1, INT, INT, PTR, INT);
  private static final MethodHandle SENDMSG = handle("sendmsg", -1, LONG, INT, PTR, INT);
  private static final MethodHandle RECVMSG = handle("recvmsg", -1, LONG, INT, PTR, INT);
  private static final MethodHandle EVENTFD = handle("eventfd", -1, INT, INT, INT);
  private static final MethodHandle GETEUID = handle("geteuid", -1, INT);
  private static final MethodHandle CHOWN = handle("chown", -1, INT, PTR, INT, INT);
  private static final MethodHandle KILL = handle("kill", -1, INT, INT, INT);
  private static final MethodHandle SYSCALL6 =
      handle("syscall", 1, LONG, LONG, LONG, LONG, LONG, LONG, LONG, LONG);

  private Linux() {}

  static MethodHandle handle(
      String name, int firstVariadic, MemoryLayout result, MemoryLayout... args) {
    FunctionDescriptor descriptor = FunctionDescriptor.of(result, args);
    MemorySegment symbol = LINKER.defaultLookup().findOrThrow(name);
    return firstVariadic < 0
        ? LINKER.downcallHandle(symbol, descriptor, ERRNO_OPTION)
        : LINKER.downcallHandle(
            symbol, descriptor, ERRNO_OPTION, Linker.Option.firstVariadicArg(firstVariadic));
  }

  static int errno(MemorySegment slot) {
    return (int) ERRNO.get(slot, 0L);
  }

  static Error unexpected(Throwable t) {
    return t instanceof Error e ? e : new AssertionError("native call failed to link", t);
  }

  /** Opens {@code path}; {@code O_CLOEXEC} is always added. */
  public static int open(Path path, int flags) throws LinuxException {
    MemorySegment slot = ERRNO_SLOT.get();
    try (Arena arena = Arena.ofConfined()) {
      while (true) {
        // SAFETY: the path is a NUL-terminated copy that lives until the call returns.
        int fd =
            (int) OPEN.invokeExact(slot, arena.allocateFrom(path.toString()), flags | O_CLOEXEC, 0);
        if (fd >= 0) {
          return fd;
        }
        if (errno(slot) != Errno.EINTR) {
          throw new LinuxException("open " + path, errno(slot));
        }
      }
    } catch (LinuxException e) {
      throw e;
    } catch (Throwable t) {
      throw unexpected(t);
    }
  }

  /**
   * Closes {@code fd}. Errors are ignored: Linux has released the descriptor in every case but
   * EBADF.
   */
  public static void close(int fd) {
    try {
      // SAFETY: takes an int only; the caller owns the descriptor.
      int ignored = (int) CLOSE.invokeExact(ERRNO_SLOT.get(), fd);
    } catch (Throwable t) {
      throw unexpected(t);
    }
  }

  /**
   * Reads into {@code buffer}.
   *
   * @return bytes read, 0 at end of file, -1 where the descriptor is non-blocking and nothing is
   *     there
   */
  public static long read(int fd, MemorySegment buffer) throws LinuxException {
    MemorySegment slot = ERRNO_SLOT.get();
    try {
      while (true) {
        // SAFETY: the kernel writes at most byteSize() bytes into a live native segment.
        long n = (long) READ.invokeExact(slot, fd, buffer, buffer.byteSize());
        if (n >= 0) {
          return n;
        }
        int errno = errno(slot);
        if (errno == Errno.EAGAIN) {
          return -1;
        }
        if (errno != Errno.EINTR) {
          throw new LinuxException("read", errno);
        }
      }
    } catch (LinuxException e) {
      throw e;
    } catch (Throwable t) {
      throw unexpected(t);
    }
  }

  /**
   * Writes from {@code buffer}, possibly less than all of it.
   *
   * @return bytes written, -1 where the descriptor is non-blocking and would block
   */
  public static long write(int fd, MemorySegment buffer) throws LinuxException {
    MemorySegment slot = ERRNO_SLOT.get();
    try {
      while (true) {
        // SAFETY: the kernel reads at most byteSize() bytes from a live native segment.
        long n = (long) WRITE.invokeExact(slot, fd, buffer, buffer.byteSize());
        if (n >= 0) {
          return n;
        }
        int errno = errno(slot);
        if (errno == Errno.EAGAIN) {
          return -1;
        }
        if (errno != Errno.EINTR) {
          throw new LinuxException("write", errno);
        }
      }
    } catch (LinuxException e) {
      throw e;
    } catch (Throwable t) {
      throw unexpected(t);
    }
  }

  /** Reads at {@code offset}; returns the bytes read, 0 at end of file. */
  public static long pread(int fd, MemorySegment buffer, long offset) throws LinuxException {
    MemorySegment slot = ERRNO_SLOT.get();
    try {
      while (true) {
        // SAFETY: the kernel writes at most byteSize() bytes into a live native segment.
        long n = (long) PREAD.invokeExact(slot, fd, buffer, buffer.byteSize(), offset);
        if (n >= 0) {
          return n;
        }
        if (errno(slot) != Errno.EINTR) {
          throw new LinuxException("pread", errno(slot));
        }
      }
    } catch (LinuxException e) {
      throw e;
    } catch (Throwable t) {
      throw unexpected(t);
    }
  }

  /**
   * An ioctl with a pointer argument; {@code what} names it in errors. Returns the call's result.
   */
  public static int ioctl(String what, int fd, long request, MemorySegment argument)
      throws LinuxException {
    MemorySegment slot = ERRNO_SLOT.get();
    try {
      while (true) {
        // SAFETY: every caller passes the structure that its request expects (see there).
        int n = (int) IOCTL.invokeExact(slot, fd, request, argument);
        if (n >= 0) {
          return n;
        }
        if (errno(slot) != Errno.EINTR) {
          throw new LinuxException(what, errno(slot));
        }
      }
    } catch (LinuxException e) {
      throw e;
    } catch (Throwable t) {
      throw unexpected(t);
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
    MemorySegment slot = ERRNO_SLOT.get();
    try {
      // SAFETY: a fresh mapping chosen by the kernel; it aliases no Java object.
      MemorySegment address =
          (MemorySegment)
              MMAP.invokeExact(
                  slot, MemorySegment.NULL, size, PROT_READ | PROT_WRITE, flags, fd, 0L);
      if (address.address() == -1L) {
        throw new LinuxException("mmap of " + size + " bytes", errno(slot));
      }
      return address.reinterpret(size, arena, Linux::munmap);
    } catch (LinuxException e) {
      throw e;
    } catch (Throwable t) {
      throw unexpected(t);
    }
  }

  private static void munmap(MemorySegment segment) {
    try {
      // SAFETY: called once, by the arena that owned the mapping; no segment over it is alive any
      // more.
      int ignored = (int) MUNMAP.invokeExact(ERRNO_SLOT.get(), segment, segment.byteSize());
    } catch (Throwable t) {
      throw unexpected(t);
    }
  }

  /**
   * Allocates the space of a range of a file, or gives it back, as {@code mode} says; 0 allocates
   * and extends the file where needed.
   */
  public static void fallocate(int fd, int mode, long offset, long bytes) throws LinuxException {
    // SAFETY: takes integers only.
    checked(
        "fallocate of " + bytes + " bytes",
        invokeInt(() -> (int) FALLOCATE.invokeExact(ERRNO_SLOT.get(), fd, mode, offset, bytes)));
  }

  /**
   * Waits for events on {@code count} pollfd structures (int fd, short events, short revents).
   *
   * @param timeoutMillis at most this long; 0 returns at once, -1 waits for ever
   * @return how many are ready, 0 on timeout or when interrupted by a signal
   */
  public static int poll(MemorySegment pollfds, int count, int timeoutMillis)
      throws LinuxException {
    MemorySegment slot = ERRNO_SLOT.get();
    try {
      // SAFETY: callers pass at least count structures of 8 bytes.
      int n = (int) POLL.invokeExact(slot, pollfds, (long) count, timeoutMillis);
      if (n >= 0) {
        return n;
      }
      if (errno(slot) == Errno.EINTR) {
        return 0;
      }
      throw new LinuxException("poll", errno(slot));
    } catch (LinuxException e) {
      throw e;
    } catch (Throwable t) {
      throw unexpected(t);
    }
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
    MemorySegment slot = ERRNO_SLOT.get();
    try {
      // SAFETY: callers pass at least count structures of 8 bytes, and a struct timespec.
      int n = (int) PPOLL.invokeExact(slot, pollfds, (long) count, timespec, MemorySegment.NULL);
      if (n >= 0) {
        return n;
      }
      if (errno(slot) == Errno.EINTR) {
        return 0;
      }
      throw new LinuxException("ppoll", errno(slot));
    } catch (LinuxException e) {
      throw e;
    } catch (Throwable t) {
      throw unexpected(t);
    }
  }

  /** A file in memory without a name, close-on-exec. */
  public static int memfdCreate(String label) throws LinuxException {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment name = arena.allocateFrom(label);
      return checked(
          "memfd_create",
          invokeInt(() -> (int) MEMFD_CREATE.invokeExact(ERRNO_SLOT.get(), name, 1)));
    }
  }

  /** Moves a descriptor's offset: {@code whence} 0 from the start, 1 from where it is. */
  public static long lseek(int fd, long offset, int whence) throws LinuxException {
    return checkedLong(
        "lseek", invokeLong(() -> (long) LSEEK.invokeExact(ERRNO_SLOT.get(), fd, offset, whence)));
  }

  /**
   * A descriptor for the process {@code pid} that becomes readable when it dies; ESRCH where there
   * is none.
   */
  public static int pidfdOpen(long pid) throws LinuxException {
    return (int) syscall("pidfd_open " + pid, SYS_PIDFD_OPEN, pid, 0, 0, 0, 0, 0);
  }

  /**
   * Sends a signal to the very process that {@code pidfd} refers to, never to a later one with its
   * number.
   */
  public static void pidfdSendSignal(int pidfd, int signal) throws LinuxException {
    syscall("pidfd_send_signal", SYS_PIDFD_SEND_SIGNAL, pidfd, signal, 0, 0, 0, 0);
  }

  /** A new userfaultfd, as many kernels give to root alone unless it is of user mode only. */
  public static int userfaultfd(int flags) throws LinuxException {
    return (int) syscall("userfaultfd", SYS_USERFAULTFD, flags, 0, 0, 0, 0, 0);
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
    return syscall(
        "process_vm_readv of " + pid,
        SYS_PROCESS_VM_READV,
        pid,
        localVectors.address(),
        localCount,
        remoteVectors.address(),
        remoteCount,
        0);
  }

  /** As {@link #processVmReadv}, the other way round. */
  public static long processVmWritev(
      long pid,
      MemorySegment localVectors,
      long localCount,
      MemorySegment remoteVectors,
      long remoteCount)
      throws LinuxException {
    return syscall(
        "process_vm_writev to " + pid,
        SYS_PROCESS_VM_WRITEV,
        pid,
        localVectors.address(),
        localCount,
        remoteVectors.address(),
        remoteCount,
        0);
  }

  private static long syscall(
      String what, int number, long a, long b, long c, long d, long e, long f)
      throws LinuxException {
    MemorySegment slot = ERRNO_SLOT.get();
    try {
      while (true) {
        // SAFETY: addresses passed as longs belong to segments that the callers keep alive over the
        // call.
        long n = (long) SYSCALL6.invokeExact(slot, (long) number, a, b, c, d, e, f);
        if (n >= 0) {
          return n;
        }
        if (errno(slot) != Errno.EINTR) {
          throw new LinuxException(what, errno(slot));
        }
      }
    } catch (LinuxException x) {
      throw x;
    } catch (Throwable t) {
      throw unexpected(t);
    }
  }

  /** A new Unix stream socket, close-on-exec. */
  static int unixSocket() throws LinuxException {
    return checked(
        "socket", invokeInt(() -> (int) SOCKET.invokeExact(ERRNO_SLOT.get(), 1, 1 | O_CLOEXEC, 0)));
  }

  static int unixDatagramSocket() throws LinuxException {
    return checked(
        "socket", invokeInt(() -> (int) SOCKET.invokeExact(ERRNO_SLOT.get(), 1, 2 | O_CLOEXEC, 0)));
  }

  static void bind(int fd, MemorySegment address, int length, String what) throws LinuxException {
    checked(what, invokeInt(() -> (int) BIND.invokeExact(ERRNO_SLOT.get(), fd, address, length)));
  }

  static void listen(int fd, int backlog) throws LinuxException {
    checked("listen", invokeInt(() -> (int) LISTEN.invokeExact(ERRNO_SLOT.get(), fd, backlog)));
  }

  static int accept(int fd) throws LinuxException {
    return checked(
        "accept",
        invokeInt(() ->
            (int)
                ACCEPT4.invokeExact(
                    ERRNO_SLOT.get(), fd, MemorySegment.NULL, MemorySegment.NULL, O_CLOEXEC)));
  }

  static void connect(int fd, MemorySegment address, int length, String what)
      throws LinuxException {
    checked(
        what, invokeInt(() -> (int) CONNECT.invokeExact(ERRNO_SLOT.get(), fd, address, length)));
  }

  static long sendmsg(int fd, MemorySegment header, int flags) throws LinuxException {
    return checkedLong(
        "sendmsg",
        invokeLong(() -> (long) SENDMSG.invokeExact(ERRNO_SLOT.get(), fd, header, flags)));
  }

  static long recvmsg(int fd, MemorySegment header, int flags) throws LinuxException {
    return checkedLong(
        "recvmsg",
        invokeLong(() -> (long) RECVMSG.invokeExact(ERRNO_SLOT.get(), fd, header, flags)));
  }

  /** A counter descriptor, non-blocking, used to wake a thread that polls. */
  public static int eventfd() throws LinuxException {
    return checked(
        "eventfd",
        invokeInt(() -> (int) EVENTFD.invokeExact(ERRNO_SLOT.get(), 0, O_NONBLOCK | O_CLOEXEC)));
  }

  /** The effective user of this process; 0 is root. */
  public static int geteuid() {
    return invokeInt(() -> (int) GETEUID.invokeExact(ERRNO_SLOT.get()));
  }

  /** Changes owner and group of a file; -1 leaves one as it is. */
  public static void chown(Path path, int uid, int gid) throws LinuxException {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment name = arena.allocateFrom(path.toString());
      checked(
          "chown " + path,
          invokeInt(() -> (int) CHOWN.invokeExact(ERRNO_SLOT.get(), name, uid, gid)));
    }
  }

  /** Sends {@code signal} to {@code pid}; prefer {@link #pidfdSendSignal}. */
  public static void kill(long pid, int signal) throws LinuxException {
    checked(
        "kill " + pid,
        invokeInt(() -> (int) KILL.invokeExact(ERRNO_SLOT.get(), (int) pid, signal)));
  }

  @FunctionalInterface
  private interface IntCall {
    int call() throws Throwable;
  }

  @FunctionalInterface
  private interface LongCall {
    long call() throws Throwable;
  }

  // SAFETY (for all users of the two below): the segments passed live at least as long as the call,
  // and their sizes
  // are what the call expects.
  private static int invokeInt(IntCall call) {
    try {
      while (true) {
        int n = call.call();
        if (n >= 0 || errno(ERRNO_SLOT.get()) != Errno.EINTR) {
          return n;
        }
      }
    } catch (Throwable t) {
      throw unexpected(t);
    }
  }

  private static long invokeLong(LongCall call) {
    try {
      while (true) {
        long n = call.call();
        if (n >= 0 || errno(ERRNO_SLOT.get()) != Errno.EINTR) {
          return n;
        }
      }
    } catch (Throwable t) {
      throw unexpected(t);
    }
  }

  private static int checked(String what, int result) throws LinuxException {
    if (result < 0) {
      throw new LinuxException(what, errno(ERRNO_SLOT.get()));
    }
    return result;
  }

  private static long checkedLong(String what, long result) throws LinuxException {
    if (result < 0) {
      throw new LinuxException(what, errno(ERRNO_SLOT.get()));
    }
    return result;
  }
}
