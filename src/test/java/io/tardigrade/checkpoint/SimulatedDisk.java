package io.tardigrade.checkpoint;

import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * What a tmpfs keeps when a process dies: exactly the steps executed. Pages are shared between
 * copies until written, so that a copy costs next to nothing. A page without space is null, and a
 * store to it is what would kill a real process on a full file system.
 */
final class SimulatedDisk {
  static final int PAGE = Geometry.PAGE_BYTES;
  private static final byte[] ZEROS = new byte[PAGE];

  /** One change. */
  sealed interface Step {}

  record Create(int inode, String name, long bytes) implements Step {}

  record Rename(String from, String to) implements Step {}

  record Delete(String name) implements Step {}

  record Allocate(int inode, long offset, long bytes) implements Step {}

  record Release(int inode, long offset, long bytes) implements Step {}

  @SuppressWarnings("ArrayRecordComponent")
  record Store(int inode, long offset, byte[] content) implements Step {}

  final Map<String, Integer> names = new TreeMap<>();
  final Map<Integer, byte[] @Nullable []> files = new HashMap<>();

  SimulatedDisk copy() {
    SimulatedDisk copy = new SimulatedDisk();
    copy.names.putAll(names);
    files.forEach((inode, pages) -> copy.files.put(inode, pages.clone()));
    return copy;
  }

  byte[] @Nullable [] pages(int inode) {
    return Objects.requireNonNull(files.get(inode));
  }

  byte[] @Nullable [] pages(String name) {
    return pages(Objects.requireNonNull(names.get(name), name));
  }

  long pagesInUse() {
    return files.values().stream().flatMap(Arrays::stream).filter(Objects::nonNull).count();
  }

  void execute(Step step) {
    switch (step) {
      case Create create -> {
        names.put(create.name, create.inode);
        files.put(create.inode, new byte[Math.toIntExact(create.bytes / PAGE)][]);
      }
      case Rename rename -> {
        names.put(rename.to, Objects.requireNonNull(names.remove(rename.from)));
        dropUnnamed();
      }
      case Delete delete -> {
        names.remove(delete.name);
        dropUnnamed();
      }
      case Allocate allocate -> {
        byte[] @Nullable [] pages = pages(allocate.inode);
        for (int page = first(allocate.offset);
            page < end(allocate.offset, allocate.bytes);
            page++) {
          if (pages[page] == null) {
            pages[page] = ZEROS;
          }
        }
      }
      case Release release ->
          Arrays.fill(
              pages(release.inode),
              first(release.offset),
              end(release.offset, release.bytes),
              null);
      case Store store -> store(pages(store.inode), store.offset, store.content);
    }
  }

  private void dropUnnamed() {
    files.keySet().retainAll(names.values());
  }

  static int first(long offset) {
    return Math.toIntExact(offset / PAGE);
  }

  static int end(long offset, long bytes) {
    return Math.toIntExact(Geometry.roundUp(offset + bytes) / PAGE);
  }

  private static void store(byte[] @Nullable [] pages, long offset, byte[] content) {
    int page = first(offset);
    byte[] old = pages[page];
    if (old == null) {
      throw new AssertionError("store to a page without space, at " + offset);
    }
    byte[] changed = old.clone();
    System.arraycopy(content, 0, changed, (int) (offset % PAGE), content.length);
    pages[page] = changed;
  }
}
