package io.tardigrade.guardian;

import io.tardigrade.linux.Linux;
import io.tardigrade.linux.LinuxException;
import java.io.Closeable;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;

/**
 * Tells whether all virtual CPUs sleep, from the state letter of their threads in /proc (proc(5),
 * third field of stat): an idle guest's thread waits, emulated or with KVM. The files stay open, so
 * that a look costs microseconds.
 */
final class VcpuSleep implements Closeable {
  private final int[] statFds;
  private final int[] schedstatFds;
  private final Arena arena = Arena.ofShared();
  private final MemorySegment buffer = arena.allocate(512);
  private boolean closed;

  VcpuSleep(long pid, long[] threads) throws IOException {
    statFds = new int[threads.length];
    schedstatFds = new int[threads.length];
    for (int i = 0; i < threads.length; i++) {
      Path task = Path.of("/proc/" + pid + "/task/" + threads[i]);
      statFds[i] = Linux.open(task.resolve("stat"), Linux.O_RDONLY);
      schedstatFds[i] = Linux.open(task.resolve("schedstat"), Linux.O_RDONLY);
    }
  }

  /** Whether no virtual CPU runs at this moment. */
  boolean allAsleep() throws IOException {
    for (int fd : statFds) {
      long n = read(fd);
      // "pid (name) S …": the name may hold any character, so look from its last bracket.
      long i = n - 1;
      while (i > 0 && buffer.get(ValueLayout.JAVA_BYTE, i) != ')') {
        i--;
      }
      if (i + 2 >= n || buffer.get(ValueLayout.JAVA_BYTE, i + 2) == 'R') {
        return false;
      }
    }
    return true;
  }

  /** Nanoseconds that the virtual CPUs have run so far, together; 0 once the process is gone. */
  long computedNanos() throws IOException {
    long sum = 0;
    for (int fd : schedstatFds) {
      // "on-cpu-ns waiting-ns slices", see Documentation/scheduler/sched-stats.rst
      long n = read(fd);
      long value = 0;
      for (long i = 0; i < n; i++) {
        byte b = buffer.get(ValueLayout.JAVA_BYTE, i);
        if (b < '0' || b > '9') {
          break;
        }
        value = value * 10 + (b - '0');
      }
      sum += value;
    }
    return sum;
  }

  private long read(int fd) throws IOException {
    try {
      return Linux.pread(fd, buffer, 0);
    } catch (LinuxException e) {
      // The thread has ended; its process' end is noticed elsewhere.
      return 0;
    }
  }

  @Override
  public void close() {
    if (!closed) {
      closed = true;
      for (int i = 0; i < statFds.length; i++) {
        Linux.close(statFds[i]);
        Linux.close(schedstatFds[i]);
      }
      arena.close();
    }
  }
}
