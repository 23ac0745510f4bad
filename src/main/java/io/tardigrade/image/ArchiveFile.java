package io.tardigrade.image;

import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;

/** A tar archive whose files can be opened by name, in any order. */
final class ArchiveFile implements AutoCloseable {
  private static final int ENTRIES_MAX = 100_000;
  private static final int LINKS_MAX = 8;

  private final FileChannel channel;
  private final String what;
  private final Map<String, TarReader.Entry> entries = new HashMap<>();

  /**
   * Opens {@code archive}; one that is compressed as a whole is unpacked into {@code scratch}
   * first.
   */
  ArchiveFile(Path archive, Path scratch, long bytesMax, String what) throws IOException {
    this.what = what;
    channel = FileChannel.open(plain(archive, scratch, bytesMax, what));
    boolean whole = false;
    try {
      index();
      whole = true;
    } finally {
      if (!whole) {
        channel.close();
      }
    }
  }

  boolean has(String name) {
    return entries.containsKey(name);
  }

  /** The whole of a small file. */
  byte[] read(String name, int bytesMax) throws IOException {
    TarReader.Entry entry = find(name);
    if (entry.sizeBytes() > bytesMax) {
      throw new ImageException(what + ": " + name + " is larger than " + bytesMax + " bytes");
    }
    try (InputStream in = open(name)) {
      return in.readNBytes(bytesMax);
    }
  }

  InputStream open(String name) throws IOException {
    TarReader.Entry entry = find(name);
    // Closing one file must not close the archive, so the channel is read by position.
    return new BufferedInputStream(new Slice(channel, entry.offset(), entry.sizeBytes()), 1 << 16);
  }

  private TarReader.Entry find(String name) throws ImageException {
    String at = name;
    for (int links = 0; links <= LINKS_MAX; links++) {
      TarReader.Entry entry = entries.get(at);
      if (entry == null) {
        throw new ImageException(what + " lacks the file " + at + " that it refers to");
      }
      if (entry.type() == '0') {
        return entry;
      }
      // `docker save` of old makes the second copy of a layer a link to the first.
      at = linked(at, entry);
    }
    throw new ImageException(what + ": " + name + " is a link that leads nowhere");
  }

  private String linked(String name, TarReader.Entry entry) throws ImageException {
    try {
      Path link =
          entry.type() == '2'
              ? Path.of("/", name).resolveSibling(entry.link())
              : Path.of(entry.link());
      return plainName(Path.of("/").resolve(link).normalize().toString());
    } catch (InvalidPathException e) {
      throw new ImageException(what + ": " + name + " is a link that leads nowhere", e);
    }
  }

  private void index() throws IOException {
    InputStream in = new BufferedInputStream(new Slice(channel, 0, channel.size()), 1 << 16);
    TarReader reader = new TarReader(in, what);
    for (TarReader.Entry entry = reader.next(); entry != null; entry = reader.next()) {
      if (entry.type() == '0' || entry.type() == '1' || entry.type() == '2') {
        entries.put(plainName(entry.name()), entry);
      }
      if (entries.size() > ENTRIES_MAX) {
        throw new ImageException(what + " has more than " + ENTRIES_MAX + " files; refused");
      }
    }
  }

  private static String plainName(String name) {
    String plain = name;
    while (plain.startsWith("/") || plain.startsWith("./")) {
      plain = plain.substring(plain.indexOf('/') + 1);
    }
    return plain;
  }

  private static Path plain(Path archive, Path scratch, long bytesMax, String what)
      throws IOException {
    if (!Files.isRegularFile(archive) || !Files.isReadable(archive)) {
      throw new ImageException(
          what + ": no such file; expected an archive made by `docker save` or in OCI layout");
    }
    byte[] magic;
    try (InputStream in = Files.newInputStream(archive)) {
      magic = in.readNBytes(4);
    }
    if (Decompression.kind(magic) == Decompression.Kind.NONE) {
      return archive;
    }
    Path plain = scratch.resolve("archive.tar");
    try (InputStream in =
            new CheckedStream(Decompression.open(Files.newInputStream(archive)), bytesMax, what);
        OutputStream out = Files.newOutputStream(plain)) {
      in.transferTo(out);
    }
    return plain;
  }

  @Override
  public void close() {
    try {
      channel.close();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** A part of a file as a stream. */
  private static final class Slice extends InputStream {
    private final FileChannel channel;
    private long position;
    private long left;

    Slice(FileChannel channel, long position, long length) {
      this.channel = channel;
      this.position = position;
      this.left = length;
    }

    @Override
    public int read() throws IOException {
      byte[] one = new byte[1];
      return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
    }

    @Override
    public int read(byte[] buffer, int offset, int length) throws IOException {
      if (left <= 0) {
        return -1;
      }
      int wanted = (int) Math.min(length, left);
      int got = channel.read(ByteBuffer.wrap(buffer, offset, wanted), position);
      if (got > 0) {
        position += got;
        left -= got;
      }
      return got;
    }

    @Override
    public long skip(long count) throws IOException {
      long end = Math.max(position, Math.min(channel.size(), position + left));
      long done = Math.max(0, Math.min(count, end - position));
      position += done;
      left -= done;
      return done;
    }
  }
}
