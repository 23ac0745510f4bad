package io.tardigrade.linux;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.VarHandle;
import java.util.function.LongSupplier;

/**
 * The kernel's entry itself, syscall(2), in three shapes. Each shape that is bound costs a process
 * a part of its start: the linker writes a class for it. One shape for each call would be a third
 * of the time that a guardian takes to be of use.
 *
 * <p>Arguments and numbers are those of the kernel (arch/x86/entry/syscalls/syscall_64.tbl), which
 * sometimes differ from the C library's. Every method returns what the kernel does: the result, or
 * the negative error number. Segments are kept alive over the call. Any thread.
 */
final class Syscall {
  static final int READ = 0;
  static final int WRITE = 1;
  static final int OPEN = 2;
  static final int CLOSE = 3;
  static final int POLL = 7;
  static final int LSEEK = 8;
  static final int MMAP = 9;
  static final int MPROTECT = 10;
  static final int MUNMAP = 11;
  static final int IOCTL = 16;
  static final int PREAD64 = 17;
  static final int PWRITE64 = 18;
  static final int SOCKET = 41;
  static final int CONNECT = 42;
  static final int SENDMSG = 46;
  static final int RECVMSG = 47;
  static final int BIND = 49;
  static final int LISTEN = 50;
  static final int KILL = 62;
  static final int FLOCK = 73;
  static final int FSYNC = 74;
  static final int FDATASYNC = 75;
  static final int FTRUNCATE = 77;
  static final int CHOWN = 92;
  static final int GETEUID = 107;
  static final int PPOLL = 271;
  static final int FALLOCATE = 285;
  static final int ACCEPT4 = 288;
  static final int EVENTFD2 = 290;
  static final int PROCESS_VM_READV = 310;
  static final int PROCESS_VM_WRITEV = 311;
  static final int MEMFD_CREATE = 319;
  static final int USERFAULTFD = 323;
  static final int PIDFD_SEND_SIGNAL = 424;
  static final int PIDFD_OPEN = 434;

  private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG;
  private static final MemoryLayout PTR = ValueLayout.ADDRESS;
  private static final MemoryLayout ERRNO_LAYOUT = Linker.Option.captureStateLayout();
  private static final VarHandle ERRNO =
      ERRNO_LAYOUT.varHandle(MemoryLayout.PathElement.groupElement("errno"));

  /** One slot per thread: capturing the error then allocates nothing on the checkpoint path. */
  private static final ThreadLocal<MemorySegment> ERRNO_SLOT =
      ThreadLocal.withInitial(() -> Arena.ofAuto().allocate(ERRNO_LAYOUT));

  private static final MethodHandle NUMBERS = shape(LONG, LONG, LONG, LONG, LONG, LONG);
  private static final MethodHandle BUFFER = shape(LONG, PTR, LONG, LONG);
  private static final MethodHandle MEMORY = shape(PTR, LONG, LONG, LONG);

  private Syscall() {}

  private static MethodHandle shape(MemoryLayout... arguments) {
    return shape(Linker.nativeLinker().defaultLookup().findOrThrow("syscall"), arguments);
  }

  private static MethodHandle shape(MemorySegment code, MemoryLayout... arguments) {
    return Linker.nativeLinker()
        .downcallHandle(
            code,
            FunctionDescriptor.of(LONG, LONG).appendArgumentLayouts(arguments),
            Linker.Option.captureCallState("errno"),
            Linker.Option.firstVariadicArg(1));
  }

  /** A call that takes numbers only, repeated when a signal interrupts it. */
  static long numbers(int number, long a, long b, long c, long d, long e, long f) {
    MemorySegment slot = ERRNO_SLOT.get();
    try {
      while (true) {
        // SAFETY: an address among the numbers belongs to memory that the caller keeps alive.
        long result = (long) NUMBERS.invokeExact(slot, (long) number, a, b, c, d, e, f);
        if (result != -1) {
          return result;
        }
        int errno = (int) ERRNO.get(slot, 0L);
        if (errno != Errno.EINTR) {
          return -errno;
        }
      }
    } catch (Throwable t) {
      throw unexpected(t);
    }
  }

  /** As {@link #numbers}, with the arguments that are left out being 0. */
  static long numbers(int number, long a, long b) {
    return numbers(number, a, b, 0, 0, 0, 0);
  }

  /** A call whose second argument is memory, repeated when a signal interrupts it. */
  static long buffer(int number, long a, MemorySegment buffer, long c, long d) {
    MemorySegment slot = ERRNO_SLOT.get();
    try {
      while (true) {
        // SAFETY: callers pass a live native segment of the size that the call is told or expects.
        long result = (long) BUFFER.invokeExact(slot, (long) number, a, buffer, c, d);
        if (result != -1) {
          return result;
        }
        int errno = (int) ERRNO.get(slot, 0L);
        if (errno != Errno.EINTR) {
          return -errno;
        }
      }
    } catch (Throwable t) {
      throw unexpected(t);
    }
  }

  /** A call whose first argument is memory; a signal ends it with EINTR. */
  static long memory(int number, MemorySegment memory, long b, long c, long d) {
    MemorySegment slot = ERRNO_SLOT.get();
    try {
      // SAFETY: as above.
      long result = (long) MEMORY.invokeExact(slot, (long) number, memory, b, c, d);
      return result != -1 ? result : -(int) ERRNO.get(slot, 0L);
    } catch (Throwable t) {
      throw unexpected(t);
    }
  }

  /**
   * A function of our own that takes nothing, called as if it took what {@link #memory} does: that
   * kind is linked already.
   */
  static LongSupplier function(MemorySegment code) {
    MethodHandle handle = shape(code, PTR, LONG, LONG, LONG);
    return () -> {
      try {
        // SAFETY: the code looks at no argument.
        return (long) handle.invokeExact(ERRNO_SLOT.get(), 0L, MemorySegment.NULL, 0L, 0L, 0L);
      } catch (Throwable t) {
        throw unexpected(t);
      }
    };
  }

  private static Error unexpected(Throwable t) {
    if (t instanceof RuntimeException e) {
      // A segment that is closed or not native: the caller's mistake.
      throw e;
    }
    return t instanceof Error e ? e : new AssertionError("the system call cannot be made", t);
  }
}
