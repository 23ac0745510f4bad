package io.tardigrade.memory;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.tardigrade.linux.Command;
import io.tardigrade.linux.UnixSocket;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintWriter;
import java.io.RandomAccessFile;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.BitSet;
import java.util.Objects;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Each tracker against a real process that writes the pages it is told to. */
@Tag("system")
class TrackerSystemTest {
  private static final int PAGES = 4096;
  private static final long BYTES = PAGES * 4096L;

  @TempDir static Path built;
  @TempDir Path dir;
  private Path image;
  private Process writer;
  private BufferedReader answers;
  private PrintWriter commands;
  private int userfaultFd = -1;
  private GuestRam ram;

  @BeforeAll
  static void build() throws IOException {
    try (InputStream source = TrackerSystemTest.class.getResourceAsStream("writer.c")) {
      Files.copy(Objects.requireNonNull(source), built.resolve("writer.c"));
    }
    Command.run("gcc", "-O1", "-o", built + "/writer", built + "/writer.c");
    Command.run(
        "gcc", "-shared", "-fPIC", "-o", built + "/preload.so", "src/main/native/preload.c");
  }

  @BeforeEach
  void start() throws IOException {
    image = dir.resolve("ram");
    try (RandomAccessFile file = new RandomAccessFile(image.toFile(), "rw")) {
      file.setLength(BYTES);
    }
    Path socket = dir.resolve("track.sock");
    try (UnixSocket listener = UnixSocket.listen(socket)) {
      ProcessBuilder builder =
          new ProcessBuilder(built + "/writer", image.toString())
              .redirectError(ProcessBuilder.Redirect.INHERIT);
      builder.environment().put("LD_PRELOAD", built + "/preload.so");
      builder.environment().put("TARDIGRADE_TRACKING", socket.toString());
      writer = builder.start();
      try (UnixSocket tracking = listener.accept()) {
        userfaultFd = tracking.receiveFdOrNone();
      }
    }
    answers = writer.inputReader();
    commands = new PrintWriter(writer.outputWriter());
    assertThat(answers.readLine()).isEqualTo("ready");
    ram = GuestRam.locate(writer.pid(), image, BYTES);
  }

  @AfterEach
  void stop() throws Exception {
    writer.destroyForcibly().waitFor();
  }

  private void sync() throws IOException {
    commands.println("s 0 0");
    commands.flush();
    assertThat(answers.readLine()).isEqualTo("done");
  }

  private static BitSet collect(DirtyTracker tracker) throws IOException {
    PageRanges ranges = new PageRanges();
    tracker.collect(ranges);
    BitSet pages = new BitSet();
    for (int i = 0; i < ranges.size(); i++) {
      int first = (int) ranges.firstPage(i);
      pages.set(first, first + ranges.count(i));
    }
    return pages;
  }

  /** How much more than what was written a tracker may report. */
  private enum Excess {
    NONE,
    /** A page that was only read, once. */
    READ_ONCE,
    ANY
  }

  /** What was written is reported, once, for as long as the process writes. */
  private void reportsWhatWasWritten(DirtyTracker tracker, Excess allowed) throws IOException {
    BitSet told = collect(tracker);
    assertThat(told.isEmpty() || allowed == Excess.ANY).isTrue();
    Random random = new Random(3);
    for (int round = 0; round < 10; round++) {
      BitSet written = new BitSet();
      for (int i = random.nextInt(300); i > 0; i--) {
        int page = random.nextInt(PAGES);
        // A value never written there before, so that a comparison finds it.
        commands.println("w " + page + " " + (1 + round + 16 * (page % 200)));
        written.set(page);
        commands.println("r " + random.nextInt(PAGES) + " 0");
      }
      sync();
      BitSet reported = collect(tracker);
      BitSet missed = minus(written, reported);
      assertThat(missed).as("missed in round %d", round).isEqualTo(new BitSet());
      BitSet excess = minus(reported, written);
      switch (allowed) {
        case NONE -> assertThat(excess).as("round %d", round).isEqualTo(new BitSet());
        case READ_ONCE ->
            assertThat(excess.intersects(told)).as("told again in round %d", round).isFalse();
        case ANY -> {}
      }
      told.or(reported);
    }
    assertThat(collect(tracker).isEmpty() || allowed == Excess.ANY).isTrue();
  }

  private static BitSet minus(BitSet all, BitSet without) {
    BitSet rest = (BitSet) all.clone();
    rest.andNot(without);
    return rest;
  }

  @Test
  void userfaultfdReportsThePagesWrittenAndOthersOnceAtMost() throws IOException {
    assumeTrue(userfaultFd >= 0, "this kernel has no asynchronous write protection");
    try (UserfaultTracker tracker = new UserfaultTracker(ram, userfaultFd)) {
      reportsWhatWasWritten(tracker, Excess.READ_ONCE);
    }
  }

  /** Or the kernel maps directly mapped memory in pages that every write splits again. */
  @Test
  void largePagesAreOffInAProcessThatIsTracked() throws IOException {
    assertThat(largePages("self")).as("they are not off on this machine").isEqualTo("1");
    assertThat(largePages(Long.toString(writer.pid()))).isEqualTo("0");
  }

  /** See proc_pid_status(5). */
  private static String largePages(String process) throws IOException {
    return Files.readAllLines(Path.of("/proc", process, "status")).stream()
        .filter(line -> line.startsWith("THP_enabled:"))
        .map(line -> line.replaceFirst("^THP_enabled:\\s*", ""))
        .findFirst()
        .orElseThrow();
  }

  @Test
  void comparingReportsExactlyThePagesThatDiffer() throws IOException {
    try (ComparingTracker tracker = new ComparingTracker(ram, image)) {
      reportsWhatWasWritten(tracker, Excess.NONE);
    }
  }

  @Test
  void softDirtyReportsAllPagesWritten() throws IOException {
    assumeTrue(SoftDirtyTracker.supported(), "this kernel keeps no soft-dirty bits");
    try (SoftDirtyTracker tracker = new SoftDirtyTracker(ram)) {
      reportsWhatWasWritten(tracker, Excess.ANY);
    }
  }

  @Test
  void firstCollectReportsWhatWasWrittenBeforeTheTrackerCame() throws IOException {
    assumeTrue(userfaultFd >= 0, "this kernel has no asynchronous write protection");
    commands.println("w 7 1");
    commands.println("w 4095 1");
    commands.println("r 9 0");
    sync();
    BitSet expected = new BitSet();
    expected.set(7);
    expected.set(4095);
    try (UserfaultTracker tracker = new UserfaultTracker(ram, userfaultFd)) {
      assertThat(minus(expected, collect(tracker))).as("missed").isEqualTo(new BitSet());
      assertThat(collect(tracker)).isEqualTo(new BitSet());
    }
    try (ComparingTracker tracker = new ComparingTracker(ram, image)) {
      assertThat(collect(tracker)).isEqualTo(expected);
    }
  }

  @Test
  void pagesAreReadAsTheProcessHasThemAndTheImageIsUntouched() throws IOException {
    commands.println("w 5 77");
    commands.println("w 2000 78");
    sync();
    PageRanges wanted = new PageRanges();
    wanted.add(2000, 1);
    wanted.add(5, 2);
    MemorySegment target = Arena.ofAuto().allocate(3 * 4096L);
    ram.read(wanted, target);
    assertThat(target.get(ValueLayout.JAVA_BYTE, 78)).isEqualTo((byte) 78);
    assertThat(target.get(ValueLayout.JAVA_BYTE, 4096 + 77)).isEqualTo((byte) 77);
    assertThat(Files.readAllBytes(image)).containsOnly(0);
  }

  @Test
  void deathOfTheProcessIsNoticed() throws Exception {
    ram.checkReadable();
    writer.destroyForcibly().waitFor();
    assertThatThrownBy(() -> ram.checkReadable()).isInstanceOf(IOException.class);
  }

  @Test
  void aMappingOfAnotherSizeIsRefused() {
    assertThatThrownBy(() -> GuestRam.locate(writer.pid(), image, BYTES * 2))
        .hasMessageContaining("whole " + BYTES * 2 + " bytes");
    assertThatThrownBy(() -> GuestRam.locate(ProcessHandle.current().pid(), image, BYTES))
        .hasMessageContaining("maps nothing");
  }
}
