package io.tardigrade.box;

import io.tardigrade.memory.GuestRam;
import io.tardigrade.memory.PageRanges;
import io.tardigrade.memory.SoftDirtyTracker;
import java.io.BufferedReader;
import java.io.BufferedWriter;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.BitSet;
import java.util.Random;

/**
 * Run in the box: tracks a {@link PageWriter} with {@link SoftDirtyTracker} while it writes pages
 * at random, and keeps a copy of its memory by what the tracker reports alone. Its argument seeds
 * the randomness. Prints what was found, and fails at the first page missed.
 */
final class SoftDirtyTrial {
  private static final int PAGES = 4096;
  private static final int ROUNDS = 25;

  private final Random random;
  private final BufferedWriter orders;
  private final BufferedReader answers;
  private final GuestRam ram;
  private final long[] copy = new long[PAGES];
  private final long[] truth = new long[PAGES];
  private long reportedNeedlessly;

  private SoftDirtyTrial(long seed, Process writer, Path file) throws IOException {
    this.random = new Random(seed);
    this.orders = writer.outputWriter();
    this.answers = writer.inputReader();
    awaitDone();
    this.ram = GuestRam.locate(writer.pid(), file, (long) PAGES * PageRanges.PAGE_BYTES);
  }

  public static void main(String[] arguments) throws Exception {
    Path file = Files.createTempFile(Path.of("/dev/shm"), "tracked", "");
    Process writer = null;
    try {
      try (RandomAccessFile sized = new RandomAccessFile(file.toFile(), "rw")) {
        sized.setLength((long) PAGES * PageRanges.PAGE_BYTES);
      }
      writer =
          new ProcessBuilder("java", PageWriter.class.getName(), file.toString())
              .redirectError(ProcessBuilder.Redirect.INHERIT)
              .start();
      new SoftDirtyTrial(Long.parseLong(arguments[0]), writer, file).run();
    } finally {
      if (writer != null) {
        writer.destroyForcibly().waitFor();
      }
      Files.delete(file);
    }
  }

  private void run() throws IOException {
    BitSet populated = write(1, 300);
    BitSet read = pages(300);
    read.andNot(populated);
    order("r", read);
    try (SoftDirtyTracker tracker = new SoftDirtyTracker(ram)) {
      BitSet first = collect(tracker);
      expect("the first answer", first, populated);
      if (!first.equals(populated)) {
        throw new IllegalStateException("pages never written were reported at first");
      }
      for (int round = 2; round < ROUNDS; round++) {
        BitSet written = write(round, random.nextInt(400));
        BitSet collected = collect(tracker);
        expect("round " + round, collected, written);
        collected.andNot(written);
        reportedNeedlessly += collected.cardinality();
        int left = collect(tracker).cardinality();
        if (left > 0) {
          throw new IllegalStateException(left + " pages were reported again in round " + round);
        }
      }
    }
    for (int page = 0; page < PAGES; page++) {
      if (copy[page] != truth[page]) {
        throw new IllegalStateException("the copy of page " + page + " is out of date");
      }
    }
    System.out.println("none missed, " + reportedNeedlessly + " reported needlessly");
  }

  private static void expect(String when, BitSet reported, BitSet written) {
    BitSet missed = (BitSet) written.clone();
    missed.andNot(reported);
    if (!missed.isEmpty()) {
      throw new IllegalStateException(when + " missed " + missed.cardinality() + " pages");
    }
  }

  private BitSet collect(SoftDirtyTracker tracker) throws IOException {
    PageRanges ranges = new PageRanges();
    tracker.collect(ranges);
    BitSet reported = new BitSet();
    try (Arena arena = Arena.ofConfined()) {
      long bytes = Math.max(1, ranges.pages()) * PageRanges.PAGE_BYTES;
      MemorySegment content = arena.allocate(bytes, 8);
      ram.read(ranges, content);
      long offset = 0;
      for (int i = 0; i < ranges.size(); i++) {
        for (int page = 0; page < ranges.count(i); page++) {
          int number = Math.toIntExact(ranges.firstPage(i) + page);
          reported.set(number);
          copy[number] = content.get(ValueLayout.JAVA_LONG, offset);
          offset += PageRanges.PAGE_BYTES;
        }
      }
    }
    return reported;
  }

  private BitSet write(long number, int count) throws IOException {
    BitSet pages = pages(count);
    pages.stream().forEach(page -> truth[page] = number);
    order("w " + number, pages);
    return pages;
  }

  private BitSet pages(int count) {
    BitSet pages = new BitSet();
    for (int i = 0; i < count; i++) {
      // Runs of neighbours as well as lone pages.
      int page = random.nextInt(PAGES);
      pages.set(page, Math.min(PAGES, page + 1 + random.nextInt(4)));
    }
    return pages;
  }

  private void order(String what, BitSet pages) throws IOException {
    StringBuilder line = new StringBuilder(what);
    pages.stream().forEach(page -> line.append(' ').append(page));
    orders.write(line.append('\n').toString());
    orders.flush();
    awaitDone();
  }

  private void awaitDone() throws IOException {
    String answer = answers.readLine();
    if (!"done".equals(answer)) {
      throw new IOException("the writer answered " + answer);
    }
  }
}
