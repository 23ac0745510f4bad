package io.tardigrade.box;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.StringJoiner;

/**
 * Run in the box: maps a file privately, as hypervisors map their guest's image, writes the pages
 * named by its arguments and prints which pages the kernel calls soft-dirty (pagemap bit 55, see
 * Documentation/admin-guide/mm/soft-dirty.rst in the kernel's sources).
 */
final class SoftDirtyProbe {
  private static final int PAGE_BYTES = 4096;
  private static final int PAGES = 64;
  private static final int SOFT_DIRTY_BIT = 55;

  private SoftDirtyProbe() {}

  public static void main(String[] written) throws IOException {
    Path file = Files.createTempFile(Path.of("/dev/shm"), "soft-dirty", "");
    try (FileChannel channel =
            FileChannel.open(file, StandardOpenOption.READ, StandardOpenOption.WRITE);
        Arena arena = Arena.ofConfined()) {
      channel.write(ByteBuffer.allocate(PAGES * PAGE_BYTES));
      MemorySegment memory =
          channel.map(FileChannel.MapMode.PRIVATE, 0, (long) PAGES * PAGE_BYTES, arena);
      for (int page = 0; page < PAGES; page++) {
        write(memory, page, 1);
      }
      Files.writeString(Path.of("/proc/self/clear_refs"), "4", StandardOpenOption.WRITE);
      for (String page : written) {
        write(memory, Integer.parseInt(page), 2);
      }
      System.out.println(softDirty(memory.address()));
    } finally {
      Files.delete(file);
    }
  }

  private static void write(MemorySegment memory, int page, int value) {
    memory.set(ValueLayout.JAVA_BYTE, (long) page * PAGE_BYTES, (byte) value);
  }

  private static String softDirty(long address) throws IOException {
    ByteBuffer entries = ByteBuffer.allocate(PAGES * Long.BYTES).order(ByteOrder.LITTLE_ENDIAN);
    try (FileChannel pagemap = FileChannel.open(Path.of("/proc/self/pagemap"))) {
      pagemap.read(entries, address / PAGE_BYTES * Long.BYTES);
    }
    StringJoiner dirty = new StringJoiner(" ");
    for (int page = 0; page < PAGES; page++) {
      if ((entries.getLong(page * Long.BYTES) >> SOFT_DIRTY_BIT & 1) == 1) {
        dirty.add(Integer.toString(page));
      }
    }
    return dirty.toString();
  }
}
