package io.tardigrade.system;

import io.tardigrade.linux.Linux;
import io.tardigrade.memory.GuestRam;
import io.tardigrade.memory.Pagemap;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.stream.Stream;

/**
 * Flips bits of a guest's memory as failing hardware would: the kernel takes nothing for written.
 */
final class BitFlips {
  static final int PAGE = 4096;

  private final Guest guest;

  BitFlips(Guest guest) {
    this.guest = guest;
  }

  Path ramFile() throws IOException {
    try (Stream<Path> files = Files.list(guest.image())) {
      return files.filter(f -> f.getFileName().toString().startsWith("ram-")).findFirst().get();
    }
  }

  /** The number of the page in guest memory that holds page {@code index} of what is held. */
  long pageHeld(long seed, int index) throws IOException {
    try (Arena arena = Arena.ofConfined();
        FileChannel file = FileChannel.open(ramFile(), StandardOpenOption.READ)) {
      MemorySegment ram = file.map(FileChannel.MapMode.READ_ONLY, 0, file.size(), arena);
      for (long page = 0; page < file.size() / PAGE; page++) {
        if (ram.get(ValueLayout.JAVA_LONG, page * PAGE) == word(seed, index * 512L)
            && ram.get(ValueLayout.JAVA_LONG, page * PAGE + 4088)
                == word(seed, index * 512L + 511)) {
          return page;
        }
      }
    }
    throw new AssertionError("page " + index + " of seed " + seed + " is not in the image");
  }

  private static long word(long seed, long index) {
    return 0x9e3779b97f4a7c15L * (seed + index + 1);
  }

  /** Flips bits in the committed image, and so in all that share its page. */
  void inImage(long page, int... bits) throws IOException {
    try (RandomAccessFile file = new RandomAccessFile(ramFile().toFile(), "rw")) {
      for (int bit : bits) {
        file.seek(page * PAGE + bit / 8);
        int old = file.read();
        file.seek(page * PAGE + bit / 8);
        file.write(old ^ 1 << (bit % 8));
      }
    }
  }

  byte[] image(long page) throws IOException {
    try (RandomAccessFile file = new RandomAccessFile(ramFile().toFile(), "r")) {
      byte[] contents = new byte[PAGE];
      file.seek(page * PAGE);
      file.readFully(contents);
      return contents;
    }
  }

  /** The page frame of a page of the image. */
  long frame(long page) throws IOException {
    try (Arena arena = Arena.ofConfined();
        Pagemap map = Pagemap.open(ProcessHandle.current().pid(), 1);
        FileChannel file = FileChannel.open(ramFile(), StandardOpenOption.READ)) {
      MemorySegment mapped = file.map(FileChannel.MapMode.READ_ONLY, page * PAGE, PAGE, arena);
      var _ = mapped.get(ValueLayout.JAVA_BYTE, 0);
      return map.frame(mapped.address());
    }
  }

  private GuestRam hypervisorsRam() throws IOException {
    return GuestRam.locate(guest.pid(Guest.Victim.HYPERVISOR), ramFile(), Files.size(ramFile()));
  }

  /**
   * Flips bits in the hypervisor's own page. A write by this process would count as one of the
   * guest; so the page is protected anew afterwards, while the guardian stands still.
   */
  void inGuest(long page, int... bits) throws IOException {
    long guardian = guest.pid(Guest.Victim.GUARDIAN);
    GuestRam ram = hypervisorsRam();
    Processes.stop(guardian);
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment contents = arena.allocate(PAGE);
      ram.read(page, contents);
      for (int bit : bits) {
        byte old = contents.get(ValueLayout.JAVA_BYTE, bit / 8);
        contents.set(ValueLayout.JAVA_BYTE, bit / 8, (byte) (old ^ 1 << (bit % 8)));
      }
      ram.write(page, contents);
      protect(ram, page, arena);
    } finally {
      Linux.kill(guardian, Linux.SIGCONT);
    }
  }

  /** PAGEMAP_SCAN of one page; see UserfaultTracker for the fields. */
  private static void protect(GuestRam ram, long page, Arena arena) throws IOException {
    MemorySegment region = arena.allocate(24, 8);
    MemorySegment argument = arena.allocate(96, 8);
    long address = ram.address() + page * PAGE;
    long[] fields = {96, 3, address, address + PAGE, 0, region.address(), 1, 0, 0, 2, 8, 2};
    argument.copyFrom(MemorySegment.ofArray(fields));
    int fd = Linux.open(Path.of("/proc/" + ram.pid() + "/pagemap"), Linux.O_RDONLY);
    try {
      int found = Linux.ioctl("PAGEMAP_SCAN", fd, 0xC0606610L, argument);
      if (found != 1) {
        throw new AssertionError("page " + page + " was not written: " + found);
      }
    } finally {
      Linux.close(fd);
    }
  }
}
