package io.tardigrade.memory;

import io.tardigrade.linux.Linux;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** Where guest RAM lies in the address space of its hypervisor, and how it is read from there. */
public final class GuestRam {
  /** Vectors passed to one process_vm_readv; the kernel takes at most 1024 (IOV_MAX). */
  private static final int VECTORS_MAX = 1024;

  private final long pid;
  private final long address;
  private final long bytes;
  private final MemorySegment remote = Arena.ofAuto().allocate(VECTORS_MAX * 16L, 8);
  private final MemorySegment local = Arena.ofAuto().allocate(16, 8);

  private final MemorySegment probe = Arena.ofAuto().allocate(8);

  private GuestRam(long pid, long address, long bytes) {
    this.pid = pid;
    this.address = address;
    this.bytes = bytes;
  }

  /**
   * Finds the mapping of {@code image} in the process, which must cover exactly {@code ramBytes}.
   */
  public static GuestRam locate(long pid, Path image, long ramBytes) throws IOException {
    String name = image.toRealPath().toString();
    List<String> maps = Files.readAllLines(Path.of("/proc/" + pid + "/maps"));
    long start = -1;
    long end = -1;
    for (String line : maps) {
      // start-end perms offset dev inode   path
      if (!line.endsWith(" " + name)) {
        continue;
      }
      int dash = line.indexOf('-');
      long from = Long.parseUnsignedLong(line, 0, dash, 16);
      long to = Long.parseUnsignedLong(line, dash + 1, line.indexOf(' '), 16);
      if (start < 0) {
        start = from;
      } else if (from != end) {
        throw new IOException(
            "hypervisor " + pid + " maps " + name + " in separate pieces; one was expected");
      }
      end = to;
    }
    if (start < 0 || end - start != ramBytes) {
      throw new IOException(
          "hypervisor "
              + pid
              + " maps "
              + (start < 0 ? "nothing" : (end - start) + " bytes")
              + " of "
              + name
              + "; its whole "
              + ramBytes
              + " bytes were expected");
    }
    return new GuestRam(pid, start, ramBytes);
  }

  /** The same memory, for use by another thread. */
  public GuestRam forAnotherThread() {
    return new GuestRam(pid, address, bytes);
  }

  public long pid() {
    return pid;
  }

  /** Address of the first byte in the hypervisor. */
  public long address() {
    return address;
  }

  public long bytes() {
    return bytes;
  }

  /**
   * Reads one byte, which fails once the process has let go of its memory: what was learnt of its
   * pages before then is true.
   */
  public void checkReadable() throws IOException {
    remote.set(ValueLayout.JAVA_LONG, 0, address);
    remote.set(ValueLayout.JAVA_LONG, 8, 1);
    local.set(ValueLayout.JAVA_LONG, 0, probe.address());
    local.set(ValueLayout.JAVA_LONG, 8, 1);
    if (Linux.processVmReadv(pid, local, 1, remote, 1) != 1) {
      throw new IOException("guest RAM of hypervisor " + pid + " cannot be read");
    }
  }

  /** Copies the pages named in {@code ranges}, one after the other, into {@code target}. */
  public void read(PageRanges ranges, MemorySegment target) throws IOException {
    long done = 0;
    int next = 0;
    while (next < ranges.size()) {
      int vectors = 0;
      long batch = 0;
      while (next < ranges.size() && vectors < VECTORS_MAX) {
        long length = (long) ranges.count(next) * PageRanges.PAGE_BYTES;
        remote.set(
            ValueLayout.JAVA_LONG,
            vectors * 16L,
            address + ranges.firstPage(next) * PageRanges.PAGE_BYTES);
        remote.set(ValueLayout.JAVA_LONG, vectors * 16L + 8, length);
        batch += length;
        vectors++;
        next++;
      }
      MemorySegment destination = target.asSlice(done, batch);
      local.set(ValueLayout.JAVA_LONG, 0, destination.address());
      local.set(ValueLayout.JAVA_LONG, 8, batch);
      long copied = Linux.processVmReadv(pid, local, 1, remote, vectors);
      if (copied != batch) {
        throw new IOException(
            "read " + copied + " of " + batch + " bytes of guest RAM from hypervisor " + pid);
      }
      done += batch;
    }
  }

  /** Copies consecutive pages into {@code target}, which holds native memory of just their size. */
  public void read(long firstPage, MemorySegment target) throws IOException {
    vectors(firstPage, target);
    long copied = Linux.processVmReadv(pid, local, 1, remote, 1);
    if (copied != target.byteSize()) {
      throw new IOException(
          "read "
              + copied
              + " bytes of guest RAM from hypervisor "
              + pid
              + " at page "
              + firstPage);
    }
  }

  /**
   * Stores consecutive pages, as a write of the hypervisor itself would: it gets pages of its own,
   * and they count as written. The guest must be paused.
   */
  public void write(long firstPage, MemorySegment source) throws IOException {
    vectors(firstPage, source);
    long copied = Linux.processVmWritev(pid, local, 1, remote, 1);
    if (copied != source.byteSize()) {
      throw new IOException(
          "wrote " + copied + " bytes of guest RAM to hypervisor " + pid + " at page " + firstPage);
    }
  }

  private void vectors(long firstPage, MemorySegment memory) {
    long offset = firstPage * PageRanges.PAGE_BYTES;
    if (firstPage < 0 || offset > bytes - memory.byteSize()) {
      throw new IndexOutOfBoundsException("page " + firstPage + " of " + bytes + " bytes");
    }
    remote.set(ValueLayout.JAVA_LONG, 0, address + offset);
    remote.set(ValueLayout.JAVA_LONG, 8, memory.byteSize());
    local.set(ValueLayout.JAVA_LONG, 0, memory.address());
    local.set(ValueLayout.JAVA_LONG, 8, memory.byteSize());
  }
}
