package io.tardigrade.cli;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import org.jspecify.annotations.Nullable;

/**
 * Follows a log that another process writes: {@code FILE}, which is renamed {@code FILE.1} when it
 * is full.
 */
final class LogTail {
  private final Path file;
  private @Nullable Object key;
  private long position;

  /** Follows from the beginning of the current file. */
  LogTail(Path file) {
    this.file = file;
  }

  private Path older() {
    return file.resolveSibling(file.getFileName() + ".1");
  }

  /** Copies what is new since the last call. */
  void copyTo(OutputStream out) throws IOException {
    @Nullable Object current = key(file);
    if (key != null && !key.equals(current)) {
      // Renamed since we looked: its end is in the older file, if that is still the one we read.
      if (key.equals(key(older()))) {
        copy(older(), out);
      }
      position = 0;
    }
    key = current;
    if (current != null) {
      copy(file, out);
    }
    out.flush();
  }

  /** Copies the last {@code lines} of both files, and goes on from there. */
  void copyLast(int lines, OutputStream out) throws IOException {
    byte[] text = concat(read(older()), read(file));
    int from = text.length;
    int found = 0;
    while (from > 0) {
      if (text[from - 1] == '\n' && from < text.length && ++found >= lines) {
        break;
      }
      from--;
    }
    out.write(text, from, text.length - from);
    out.flush();
    key = key(file);
  }

  private byte[] read(Path path) throws IOException {
    try {
      byte[] bytes = Files.readAllBytes(path);
      position = bytes.length;
      return bytes;
    } catch (NoSuchFileException e) {
      position = 0;
      return new byte[0];
    }
  }

  private static byte[] concat(byte[] a, byte[] b) {
    return ByteBuffer.allocate(a.length + b.length).put(a).put(b).array();
  }

  private void copy(Path path, OutputStream out) throws IOException {
    try (FileChannel channel = FileChannel.open(path, StandardOpenOption.READ)) {
      if (channel.size() < position) {
        position = 0;
      }
      ByteBuffer buffer = ByteBuffer.allocate(65_536);
      while (channel.read(buffer, position) > 0) {
        out.write(buffer.array(), 0, buffer.position());
        position += buffer.position();
        buffer.clear();
      }
    } catch (NoSuchFileException e) {
      // Renamed between our two looks; the next call finds both.
    }
  }

  private static @Nullable Object key(Path path) throws IOException {
    try {
      return Files.readAttributes(path, BasicFileAttributes.class).fileKey();
    } catch (NoSuchFileException e) {
      return null;
    }
  }
}
