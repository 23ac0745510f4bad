package io.tardigrade.checkpoint;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * A folder on a {@link SimulatedDisk} that notes every change as steps. A copy of many bytes
 * becomes several steps in random order, for a process may die anywhere in it. Memory of pages
 * without space holds a pattern that no one should ever take for contents.
 */
final class SimulatedStorage implements Storage {
  private static final int PAGE = Geometry.PAGE_BYTES;
  private static final byte HOLE = (byte) 0xa5;

  final SimulatedDisk disk;
  final List<SimulatedDisk.Step> journal = new ArrayList<>();
  long pagesMax = Long.MAX_VALUE;

  private final Arena arena = Arena.ofConfined();
  private final Random random;
  private final Map<Integer, SimulatedFile> mapped = new HashMap<>();

  SimulatedStorage(SimulatedDisk disk, long seed) {
    this.disk = disk.copy();
    this.random = new Random(seed);
  }

  private void step(SimulatedDisk.Step step) {
    disk.execute(step);
    journal.add(step);
  }

  @Override
  public Path path(String name) {
    return Path.of(name);
  }

  @Override
  public Set<String> names() {
    return new TreeSet<>(disk.names.keySet());
  }

  @Override
  public StorageFile create(String name, long bytes, Extent... allocated) throws IOException {
    int inode = disk.files.keySet().stream().mapToInt(Integer::intValue).max().orElse(0) + 1;
    step(new SimulatedDisk.Create(inode, name + ".new", bytes));
    mapped.remove(inode);
    SimulatedFile file = file(inode);
    try {
      for (Extent extent : allocated) {
        file.allocate(extent.offset(), extent.bytes());
      }
    } catch (NoSpaceException e) {
      step(new SimulatedDisk.Delete(name + ".new"));
      throw e;
    }
    step(new SimulatedDisk.Rename(name + ".new", name));
    return file;
  }

  @Override
  public StorageFile open(String name, long bytes) throws IOException {
    Integer inode = disk.names.get(name);
    if (inode == null || disk.pages(inode).length * (long) PAGE != bytes) {
      throw ImageException.damaged(name, "no such file, or of another size");
    }
    return file(inode);
  }

  private SimulatedFile file(int inode) {
    return mapped.computeIfAbsent(inode, SimulatedFile::new);
  }

  @Override
  public void delete(String name) {
    if (disk.names.containsKey(name)) {
      step(new SimulatedDisk.Delete(name));
    }
  }

  /** What is mapped must be what the steps add up to: then no store went another way. */
  void checkJournalIsComplete() {
    mapped.forEach((inode, file) -> {
      if (!disk.files.containsKey(inode)) {
        return;
      }
      byte[] @Nullable [] pages = disk.pages(inode);
      for (int page = 0; page < pages.length; page++) {
        if (pages[page] != null) {
          byte[] found = file.bytes((long) page * PAGE, PAGE);
          if (!Arrays.equals(found, pages[page])) {
            throw new AssertionError("page " + page + " of inode " + inode + " differs");
          }
        }
      }
    });
  }

  @Override
  public void close() {
    arena.close();
  }

  private final class SimulatedFile implements StorageFile {
    private final int inode;
    private final MemorySegment memory;

    SimulatedFile(int inode) {
      this.inode = inode;
      byte[] @Nullable [] pages = disk.pages(inode);
      memory = arena.allocate((long) pages.length * PAGE, PAGE);
      for (int page = 0; page < pages.length; page++) {
        MemorySegment slice = memory.asSlice((long) page * PAGE, PAGE);
        byte[] content = pages[page];
        if (content == null) {
          slice.fill(HOLE);
        } else {
          slice.copyFrom(MemorySegment.ofArray(content));
        }
      }
    }

    byte[] bytes(long offset, long bytes) {
      return memory.asSlice(offset, bytes).toArray(ValueLayout.JAVA_BYTE);
    }

    private void store(long offset, long bytes) {
      if (disk.files.containsKey(inode)) {
        step(new SimulatedDisk.Store(inode, offset, bytes(offset, bytes)));
      }
    }

    @Override
    public MemorySegment memory() {
      return memory;
    }

    @Override
    public void copyFrom(MemorySegment source, long sourceOffset, long offset, long bytes) {
      MemorySegment.copy(source, sourceOffset, memory, offset, bytes);
      List<Extent> pieces = new ArrayList<>();
      for (long at = 0; at < bytes; ) {
        long inPage = PAGE - (offset + at) % PAGE;
        long whole = Math.min(bytes - at, inPage);
        long cut = whole <= 16 ? whole : 8L * (1 + random.nextInt((int) (whole / 8)));
        long piece = Math.min(whole, random.nextInt(4) == 0 ? 8 : cut);
        pieces.add(new Extent(offset + at, piece));
        at += piece;
      }
      Collections.shuffle(pieces, random);
      pieces.forEach(piece -> store(piece.offset(), piece.bytes()));
    }

    @Override
    public void put(long offset, long value) {
      memory.set(LONG, offset, value);
      store(offset, Long.BYTES);
    }

    @Override
    public void publish(long offset, long value) {
      put(offset, value);
    }

    @Override
    public void allocate(long offset, long bytes) throws IOException {
      byte[] @Nullable [] pages = disk.pages(inode);
      List<Integer> holes = new ArrayList<>();
      for (int page = SimulatedDisk.first(offset);
          page < SimulatedDisk.end(offset, bytes);
          page++) {
        if (pages[page] == null) {
          holes.add(page);
        }
      }
      if (disk.pagesInUse() + holes.size() > pagesMax) {
        throw NoSpaceException.of(Path.of("/simulated"), bytes);
      }
      for (int page : holes) {
        memory.asSlice((long) page * PAGE, PAGE).fill((byte) 0);
        step(new SimulatedDisk.Allocate(inode, (long) page * PAGE, PAGE));
      }
    }

    @Override
    public void release(long offset, long bytes) {
      if (bytes > 0) {
        if (offset % PAGE != 0 || bytes % PAGE != 0) {
          throw new AssertionError("release of parts of pages: " + offset + ", " + bytes);
        }
        memory.asSlice(offset, bytes).fill(HOLE);
        step(new SimulatedDisk.Release(inode, offset, bytes));
      }
    }

    @Override
    public void close() {
      Objects.requireNonNull(memory);
    }
  }
}
