package io.tardigrade.image;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * Work in progress lives under a temporary name beside its final place and takes its final name
 * only when it is whole, so a reader never meets something half-made.
 */
final class Staging {
  static final String TEMPORARY_PREFIX = ".making-";

  // File locks are held per JVM, so threads of ours need a lock of their own.
  private static final ReentrantLock IN_JVM = new ReentrantLock();

  private Staging() {}

  /** Something that fills a temporary file or folder. */
  interface Maker {
    void make(Path temporary) throws IOException;
  }

  /** Something done under a lock. */
  interface Action<T> {
    T run() throws IOException;
  }

  /** Makes {@code file} in one step: {@code maker} fills a temporary one, which is then renamed. */
  static void file(Path file, Maker maker) throws IOException {
    Path folder = parent(file);
    Files.createDirectories(folder);
    Path temporary = Files.createTempFile(folder, TEMPORARY_PREFIX, "");
    try {
      maker.make(temporary);
      try (FileChannel channel = FileChannel.open(temporary, StandardOpenOption.WRITE)) {
        channel.force(true);
      }
      Files.move(temporary, file, StandardCopyOption.ATOMIC_MOVE);
    } finally {
      Files.deleteIfExists(temporary);
    }
  }

  /** Makes {@code folder}, which must not exist yet, in one step. */
  static void folder(Path folder, Maker maker) throws IOException {
    Path temporary = temporaryFolder(parent(folder));
    try {
      maker.make(temporary);
      Files.setPosixFilePermissions(temporary, PosixFilePermissions.fromString("rwxr-xr-x"));
      Files.move(temporary, folder, StandardCopyOption.ATOMIC_MOVE);
    } finally {
      deleteTree(temporary);
    }
  }

  /** A new folder that only we can enter. */
  static Path temporaryFolder(Path parent) throws IOException {
    Files.createDirectories(parent);
    return Files.createTempDirectory(parent, TEMPORARY_PREFIX);
  }

  /** Runs {@code action} while no other thread or process runs one under the same lock file. */
  static <T> T locked(Path lockFile, Action<T> action) throws IOException {
    Files.createDirectories(parent(lockFile));
    IN_JVM.lock();
    try (FileChannel channel =
            FileChannel.open(lockFile, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
        FileLock lock = channel.lock()) {
      if (!lock.isValid()) {
        throw new ImageException("cannot lock " + lockFile);
      }
      return action.run();
    } finally {
      IN_JVM.unlock();
    }
  }

  /** Deletes what earlier runs left unfinished in {@code folder}; call it under the lock. */
  static void sweep(Path folder) throws IOException {
    try (var entries = Files.newDirectoryStream(folder, TEMPORARY_PREFIX + "*")) {
      for (Path entry : entries) {
        deleteTree(entry);
      }
    }
  }

  /** Deletes a file or a folder with all it holds, following no link. */
  static void deleteTree(Path root) throws IOException {
    if (!Files.exists(root, LinkOption.NOFOLLOW_LINKS)) {
      return;
    }
    Files.walkFileTree(
        root,
        new SimpleFileVisitor<>() {
          @Override
          public FileVisitResult visitFile(Path file, BasicFileAttributes attributes)
              throws IOException {
            Files.delete(file);
            return FileVisitResult.CONTINUE;
          }

          @Override
          public FileVisitResult postVisitDirectory(Path folder, @Nullable IOException failure)
              throws IOException {
            if (failure != null) {
              throw failure;
            }
            Files.delete(folder);
            return FileVisitResult.CONTINUE;
          }
        });
  }

  private static Path parent(Path path) {
    Path parent = path.toAbsolutePath().getParent();
    return parent == null ? Path.of("/") : parent;
  }
}
