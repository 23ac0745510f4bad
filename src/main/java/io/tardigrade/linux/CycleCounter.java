package io.tardigrade.linux;

import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import org.jspecify.annotations.Nullable;

/**
 * The processor's time stamp counter (Intel SDM volume 3, "Time-Stamp Counter"): the one clock of a
 * PC that goes on evenly while one kernel is replaced by the next. A kernel that boots takes the
 * time of day from a chip that tells whole seconds, and begins every other clock at nought. A reset
 * of the machine sets it to nought as well. Any thread.
 */
public final class CycleCounter {
  private static final int PAGE_BYTES = 4096;
  private static final int PROT_READ_WRITE = 3;
  private static final int PROT_READ_EXEC = 5;
  private static final int MAP_PRIVATE_ANONYMOUS = 0x22;

  /** {@code rdtsc; shl $32, %rdx; or %rdx, %rax; ret}. */
  private static final byte[] CODE = {
    0x0f, 0x31, 0x48, (byte) 0xc1, (byte) 0xe2, 0x20, 0x48, 0x09, (byte) 0xd0, (byte) 0xc3
  };

  private CycleCounter() {}

  /** Linked when it is first read: most processes never need it. */
  private static final class Code {
    static final @Nullable MethodHandle READ = link();

    private Code() {}

    private static @Nullable MethodHandle link() {
      String architecture = System.getProperty("os.arch", "");
      if (!architecture.equals("amd64") && !architecture.equals("x86_64")) {
        return null;
      }
      ValueLayout.OfInt number = ValueLayout.JAVA_INT;
      ValueLayout.OfLong size = ValueLayout.JAVA_LONG;
      MethodHandle mmap =
          Linux.handle(
              "mmap",
              -1,
              ValueLayout.ADDRESS,
              ValueLayout.ADDRESS,
              size,
              number,
              number,
              number,
              size);
      MethodHandle mprotect =
          Linux.handle("mprotect", -1, number, ValueLayout.ADDRESS, size, number);
      MemorySegment errno = Linux.ERRNO_SLOT.get();
      try {
        // SAFETY: a fresh page that no Java object knows; it is written once, then made executable
        // for good, and stays mapped as long as the process lives.
        MemorySegment page =
            (MemorySegment)
                mmap.invokeExact(
                    errno,
                    MemorySegment.NULL,
                    (long) PAGE_BYTES,
                    PROT_READ_WRITE,
                    MAP_PRIVATE_ANONYMOUS,
                    -1,
                    0L);
        if (page.address() == -1L) {
          return null;
        }
        page.reinterpret(PAGE_BYTES).copyFrom(MemorySegment.ofArray(CODE));
        if ((int) mprotect.invokeExact(errno, page, (long) PAGE_BYTES, PROT_READ_EXEC) != 0) {
          // A hardened host lets no process write its own code.
          return null;
        }
        // Called as if it took what lseek takes: to link calls of a kind that is linked already
        // costs
        // nothing, and a guest may stand still for this.
        return Linker.nativeLinker()
            .downcallHandle(
                page, FunctionDescriptor.of(size, number, size, number), Linux.ERRNO_OPTION);
      } catch (Throwable t) {
        throw Linux.unexpected(t);
      }
    }
  }

  /** What the counter says; 0 where it cannot be read. */
  public static long read() {
    MethodHandle read = Code.READ;
    if (read == null) {
      return 0;
    }
    try {
      // SAFETY: the code looks at no argument, changes two registers that belong to the callee, and
      // returns.
      return (long) read.invokeExact(Linux.ERRNO_SLOT.get(), 0, 0L, 0);
    } catch (Throwable t) {
      throw Linux.unexpected(t);
    }
  }
}
