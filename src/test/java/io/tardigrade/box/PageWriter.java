package io.tardigrade.box;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/**
 * Run in the box, in place of a hypervisor: maps the file named by its argument privately and does
 * what each line of its input says, answering {@code done}.
 *
 * <pre>
 *   w NUMBER PAGE...   writes NUMBER into the first word of each page
 *   r PAGE...          only reads the pages
 * </pre>
 */
final class PageWriter {
  private static final int PAGE_BYTES = 4096;

  private PageWriter() {}

  public static void main(String[] arguments) throws IOException {
    Path file = Path.of(arguments[0]);
    try (FileChannel channel =
            FileChannel.open(file, StandardOpenOption.READ, StandardOpenOption.WRITE);
        Arena arena = Arena.ofConfined()) {
      MemorySegment memory = channel.map(FileChannel.MapMode.PRIVATE, 0, channel.size(), arena);
      BufferedReader orders =
          new BufferedReader(new InputStreamReader(System.in, StandardCharsets.US_ASCII));
      System.out.println("done");
      String line;
      while ((line = orders.readLine()) != null) {
        obey(memory, line.split(" "));
        System.out.println("done");
      }
    }
  }

  private static void obey(MemorySegment memory, String[] order) {
    boolean writes = order[0].equals("w");
    for (int i = writes ? 2 : 1; i < order.length; i++) {
      long offset = Long.parseLong(order[i]) * PAGE_BYTES;
      if (writes) {
        memory.set(ValueLayout.JAVA_LONG, offset, Long.parseLong(order[1]));
      } else if (memory.get(ValueLayout.JAVA_LONG, offset) != 0) {
        throw new IllegalStateException("page " + order[i] + " was to be untouched");
      }
    }
  }
}
