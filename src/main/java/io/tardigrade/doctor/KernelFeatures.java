package io.tardigrade.doctor;

import io.tardigrade.linux.Errno;
import io.tardigrade.linux.Linux;
import io.tardigrade.linux.LinuxException;
import io.tardigrade.memory.SoftDirtyTracker;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;

/** What the running kernel offers, each tried out rather than guessed from its version. */
final class KernelFeatures {
  private static final int UFFD_USER_MODE_ONLY = 1;
  private static final long UFFDIO_API = 0xC018AA3FL;
  private static final long UFFD_API = 0xAA;

  /** WP, WP_HUGETLBFS_SHMEM, WP_UNPOPULATED and WP_ASYNC: what the preloaded helper asks for. */
  private static final long UFFD_FEATURES = 1L | 1L << 12 | 1L << 13 | 1L << 15;

  private static final long PAGEMAP_SCAN = 0xC0606610L;
  private static final long PAGE_IS_PRESENT = 1L << 3;
  private static final int PAGE_BYTES = 4096;

  private KernelFeatures() {}

  /** The best engine that finds dirty pages here. */
  static String engine() {
    if (userfaultWriteProtection().isEmpty() && pagemapScan().isEmpty()) {
      return "userfaultfd";
    }
    return SoftDirtyTracker.supported() ? "soft-dirty" : "compare";
  }

  /** Asynchronous write protection; empty where it is there, else what the kernel answered. */
  static String userfaultWriteProtection() {
    int fd = -1;
    try (Arena arena = Arena.ofConfined()) {
      fd = Linux.userfaultfd(Linux.O_CLOEXEC | Linux.O_NONBLOCK | UFFD_USER_MODE_ONLY);
      // struct uffdio_api { u64 api, features, ioctls; }
      MemorySegment api = arena.allocate(24, 8);
      api.set(ValueLayout.JAVA_LONG, 0, UFFD_API);
      api.set(ValueLayout.JAVA_LONG, 8, UFFD_FEATURES);
      // SAFETY: UFFDIO_API reads and writes one struct uffdio_api, 24 bytes.
      Linux.ioctl("UFFDIO_API", fd, UFFDIO_API, api);
      return "";
    } catch (LinuxException e) {
      return Errno.name(e.errno());
    } finally {
      if (fd >= 0) {
        Linux.close(fd);
      }
    }
  }

  /** The PAGEMAP_SCAN call; empty where it is there, else what the kernel answered. */
  static String pagemapScan() {
    int fd = -1;
    try (Arena arena = Arena.ofConfined()) {
      fd = Linux.open(Path.of("/proc/self/pagemap"), Linux.O_RDONLY);
      MemorySegment page = arena.allocate(2L * PAGE_BYTES, PAGE_BYTES);
      page.fill((byte) 1);
      MemorySegment regions = arena.allocate(24L * 4, 8);
      // struct pm_scan_arg, see UserfaultTracker; here it changes nothing.
      MemorySegment argument = arena.allocate(96, 8);
      argument.set(ValueLayout.JAVA_LONG, 0, 96);
      argument.set(ValueLayout.JAVA_LONG, 16, page.address());
      argument.set(ValueLayout.JAVA_LONG, 24, page.address() + PAGE_BYTES);
      argument.set(ValueLayout.JAVA_LONG, 40, regions.address());
      argument.set(ValueLayout.JAVA_LONG, 48, 4);
      argument.set(ValueLayout.JAVA_LONG, 72, PAGE_IS_PRESENT);
      argument.set(ValueLayout.JAVA_LONG, 88, PAGE_IS_PRESENT);
      // SAFETY: the kernel writes at most four regions of 24 bytes, as told.
      int found = Linux.ioctl("PAGEMAP_SCAN", fd, PAGEMAP_SCAN, argument);
      return found == 1 ? "" : "it found " + found + " of 1 pages";
    } catch (LinuxException e) {
      return Errno.name(e.errno());
    } finally {
      if (fd >= 0) {
        Linux.close(fd);
      }
    }
  }

  /** Reading another process's memory; empty where it is there, else what the kernel answered. */
  static String processVmReadv() {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment from = arena.allocateFrom(ValueLayout.JAVA_LONG, 0x7461726469L);
      MemorySegment to = arena.allocate(8, 8);
      MemorySegment local = vector(arena, to);
      MemorySegment remote = vector(arena, from);
      long pid = ProcessHandle.current().pid();
      // SAFETY: both vectors name 8 live bytes of this process.
      long copied = Linux.processVmReadv(pid, local, 1, remote, 1);
      boolean same = from.get(ValueLayout.JAVA_LONG, 0) == to.get(ValueLayout.JAVA_LONG, 0);
      return copied == 8 && same ? "" : "it copied " + copied + " of 8 bytes";
    } catch (LinuxException e) {
      return Errno.name(e.errno());
    }
  }

  private static MemorySegment vector(Arena arena, MemorySegment bytes) {
    MemorySegment vector = arena.allocate(16, 8);
    vector.set(ValueLayout.JAVA_LONG, 0, bytes.address());
    vector.set(ValueLayout.JAVA_LONG, 8, bytes.byteSize());
    return vector;
  }

  /** Process descriptors; empty where they are there, else what the kernel answered. */
  static String pidfd() {
    try {
      Linux.close(Linux.pidfdOpen(ProcessHandle.current().pid()));
      return "";
    } catch (LinuxException e) {
      return Errno.name(e.errno());
    }
  }
}
