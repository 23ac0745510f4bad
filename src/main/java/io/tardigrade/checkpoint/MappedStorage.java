package io.tardigrade.checkpoint;

import io.tardigrade.linux.LinuxFile;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * A real folder. A lock that dies with the process keeps a second guardian out of an image whose
 * first guardian only hangs.
 */
final class MappedStorage implements Storage {
  private static final String LOCK = "lock";
  private static final FileAttribute<Set<PosixFilePermission>> PRIVATE =
      PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------"));

  private final Path dir;
  private final FileChannel lock;

  private MappedStorage(Path dir, FileChannel lock) {
    this.dir = dir;
    this.lock = lock;
  }

  /** Locks the folder, which must exist. */
  static MappedStorage lock(Path dir) throws IOException {
    if (!Files.isDirectory(dir, LinkOption.NOFOLLOW_LINKS)) {
      throw ImageException.because("no image in " + dir + ": no such folder; create it first");
    }
    FileChannel channel =
        FileChannel.open(
            dir.resolve(LOCK),
            Set.of(StandardOpenOption.CREATE, StandardOpenOption.WRITE),
            PRIVATE);
    try {
      if (tryLock(channel) == null) {
        throw ImageException.because(
            "image " + dir + " is in use by another process; end that guardian first");
      }
      return new MappedStorage(dir, channel);
    } catch (IOException | RuntimeException e) {
      channel.close();
      throw e;
    }
  }

  private static @Nullable FileLock tryLock(FileChannel channel) throws IOException {
    try {
      return channel.tryLock();
    } catch (OverlappingFileLockException heldByThisProcess) {
      return null;
    }
  }

  /** Removes the lock and the folder, where nothing else is in it, and closes. */
  void closeAndRemoveFolder() throws IOException {
    Files.deleteIfExists(dir.resolve(LOCK));
    close();
    if (names().isEmpty()) {
      Files.deleteIfExists(dir);
    }
  }

  @Override
  public Path path(String name) {
    return dir.resolve(name);
  }

  @Override
  public Set<String> names() throws IOException {
    Set<String> names = new TreeSet<>();
    try (Stream<Path> files = Files.list(dir)) {
      files.forEach(file -> names.add(file.getFileName().toString()));
    }
    names.remove(LOCK);
    return names;
  }

  @Override
  public StorageFile create(String name, long bytes, Extent... allocated) throws IOException {
    Path unfinished = dir.resolve(name + ".new");
    checkSpace(name, allocated);
    Files.deleteIfExists(unfinished);
    Files.createFile(unfinished, PRIVATE);
    MappedFile file = null;
    try {
      try (RandomAccessFile sized = new RandomAccessFile(unfinished.toFile(), "rw")) {
        sized.setLength(bytes);
      }
      file = MappedFile.map(unfinished, dir.resolve(name), bytes);
      for (Extent extent : allocated) {
        file.allocate(extent.offset(), extent.bytes());
      }
      Files.move(unfinished, dir.resolve(name), StandardCopyOption.ATOMIC_MOVE);
      if (file.isPreserved()) {
        LinuxFile.syncDirectory(dir);
        LinuxFile.syncDirectory(dir.resolve(".."));
      }
      return file;
    } catch (IOException | RuntimeException e) {
      if (file != null) {
        file.close();
      }
      Files.deleteIfExists(unfinished);
      throw e;
    }
  }

  /** Spares the machine an attempt that would fill its memory to the brim before it fails. */
  private void checkSpace(String name, Extent... extents) throws IOException {
    long bytes = 0;
    for (Extent extent : extents) {
      bytes += extent.bytes();
    }
    if (bytes > Files.getFileStore(dir).getUsableSpace()) {
      throw NoSpaceException.of(dir.resolve(name), bytes);
    }
  }

  @Override
  public StorageFile open(String name, long bytes) throws IOException {
    Path path = dir.resolve(name);
    if (!Files.isRegularFile(path, LinkOption.NOFOLLOW_LINKS)) {
      throw ImageException.damaged(name, "no such file");
    }
    if (Files.size(path) != bytes) {
      throw ImageException.damaged(name, Files.size(path) + " bytes instead of " + bytes);
    }
    return MappedFile.map(path, path, bytes);
  }

  @Override
  public void delete(String name) throws IOException {
    Files.deleteIfExists(dir.resolve(name));
  }

  @Override
  public void close() throws IOException {
    lock.close();
  }
}
