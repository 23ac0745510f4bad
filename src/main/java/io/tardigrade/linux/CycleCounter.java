package io.tardigrade.linux;

import java.lang.foreign.MemorySegment;
import java.util.function.LongSupplier;

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
    static final LongSupplier READ = link();

    private Code() {}

    private static LongSupplier link() {
      String architecture = System.getProperty("os.arch", "");
      if (!architecture.equals("amd64") && !architecture.equals("x86_64")) {
        return () -> 0;
      }
      // SAFETY: a fresh page that no Java object knows; it is written once, then made executable
      // for good, and stays mapped as long as the process lives.
      long page =
          Syscall.numbers(
              Syscall.MMAP, 0, PAGE_BYTES, PROT_READ_WRITE, MAP_PRIVATE_ANONYMOUS, -1, 0);
      if (page < 0) {
        return () -> 0;
      }
      MemorySegment code = MemorySegment.ofAddress(page);
      code.reinterpret(PAGE_BYTES).copyFrom(MemorySegment.ofArray(CODE));
      if (Syscall.numbers(Syscall.MPROTECT, page, PAGE_BYTES, PROT_READ_EXEC, 0, 0, 0) != 0) {
        // A hardened host lets no process write its own code.
        return () -> 0;
      }
      return Syscall.function(code);
    }
  }

  /** What the counter says; 0 where it cannot be read. */
  public static long read() {
    return Code.READ.getAsLong();
  }
}
