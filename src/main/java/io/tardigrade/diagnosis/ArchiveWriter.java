package io.tardigrade.diagnosis;

import io.tardigrade.guest.Json;
import io.tardigrade.linux.LinuxFile;
import java.io.BufferedOutputStream;
import java.io.Closeable;
import java.io.FilterOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.zip.CRC32C;
import java.util.zip.Deflater;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveOutputStream;
import org.apache.commons.compress.compressors.gzip.GzipCompressorOutputStream;
import org.apache.commons.compress.compressors.gzip.GzipParameters;

/**
 * Writes an archive: a compressed tar of plain files with the {@link ArchiveIndex} last. Its name
 * appears only when all of it is on disk. One thread.
 */
final class ArchiveWriter implements Closeable {
  private final Path file;
  private final Path unfinished;
  private final FileChannel channel;
  private final TarArchiveOutputStream tar;
  private final Instant at;
  private final List<ArchiveIndex.Entry> entries = new ArrayList<>();
  private final List<ArchiveIndex.Missing> missing = new ArrayList<>();
  private final long bytesMax;
  private long bytes;

  /**
   * @param file whose name the archive gets; the folder is there
   * @param bytesMax of all files together, before compression
   */
  ArchiveWriter(Path file, Instant at, long bytesMax) throws IOException {
    this.file = file;
    this.at = at;
    this.bytesMax = bytesMax;
    this.unfinished = file.resolveSibling("." + file.getFileName() + ".new");
    Files.deleteIfExists(unfinished);
    this.channel =
        FileChannel.open(
            unfinished,
            Set.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE),
            PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
    GzipParameters fast = new GzipParameters();
    fast.setCompressionLevel(Deflater.BEST_SPEED);
    OutputStream raw = new KeptOpen(Channels.newOutputStream(channel));
    this.tar =
        new TarArchiveOutputStream(
            new GzipCompressorOutputStream(new BufferedOutputStream(raw, 1 << 16), fast),
            StandardCharsets.UTF_8.name());
    tar.setLongFileMode(TarArchiveOutputStream.LONGFILE_POSIX);
    tar.setBigNumberMode(TarArchiveOutputStream.BIGNUMBER_POSIX);
  }

  /** The file is still to be made durable when the tar has ended. */
  private static final class KeptOpen extends FilterOutputStream {
    KeptOpen(OutputStream out) {
      super(out);
    }

    @Override
    public void write(byte[] b, int off, int len) throws IOException {
      out.write(b, off, len);
    }

    @Override
    public void close() throws IOException {
      flush();
    }
  }

  /** How many bytes may still come. */
  long room() {
    return bytesMax - bytes;
  }

  /** Adds a file; what is beyond the room left is cut. */
  void add(String name, String about, byte[] content, boolean cut) throws IOException {
    int length = (int) Math.min(content.length, room());
    CRC32C crc = new CRC32C();
    crc.update(content, 0, length);
    put(name, content, length);
    note(name, about, length, crc, cut || length < content.length);
  }

  /**
   * Adds a file of a known length.
   *
   * @throws IOException where it cannot be read to its end, which leaves the archive unusable
   */
  void copy(String name, String about, Path from, long length) throws IOException {
    begin(name, length);
    CRC32C crc = new CRC32C();
    byte[] part = new byte[1 << 16];
    long left = length;
    try (InputStream in = Files.newInputStream(from)) {
      while (left > 0) {
        int n = in.read(part, 0, (int) Math.min(part.length, left));
        if (n < 0) {
          // It shrank: what the entry promised is made up.
          n = (int) Math.min(part.length, left);
          java.util.Arrays.fill(part, 0, n, (byte) 0);
        }
        crc.update(part, 0, n);
        tar.write(part, 0, n);
        left -= n;
      }
    }
    tar.closeArchiveEntry();
    note(name, about, length, crc, false);
  }

  private void note(String name, String about, long length, CRC32C crc, boolean cut) {
    bytes += length;
    String sum = String.format("%08x", crc.getValue());
    entries.add(new ArchiveIndex.Entry(name, about, length, sum, cut));
  }

  private void begin(String name, long length) throws IOException {
    if (!ArchiveIndex.isEntryName(name)) {
      throw new IllegalArgumentException("'" + name + "' is no name for a file of an archive");
    }
    TarArchiveEntry entry = new TarArchiveEntry(name);
    entry.setSize(length);
    entry.setMode(0600);
    entry.setModTime(at.toEpochMilli());
    tar.putArchiveEntry(entry);
  }

  private void put(String name, byte[] content, int length) throws IOException {
    begin(name, length);
    tar.write(content, 0, length);
    tar.closeArchiveEntry();
  }

  /** Notes what could not be had. */
  void miss(String name, String why) {
    missing.add(new ArchiveIndex.Missing(name, why));
  }

  /** Ends the archive and gives it its name; it is on disk when this returns. */
  ArchiveIndex finish(String incident, String cause, List<String> reasons) throws IOException {
    ArchiveIndex index =
        new ArchiveIndex(ArchiveIndex.VERSION, incident, at, cause, reasons, entries, missing);
    byte[] text = (Json.pretty(index) + "\n").getBytes(StandardCharsets.UTF_8);
    put(ArchiveIndex.NAME, text, text.length);
    tar.close();
    channel.force(true);
    channel.close();
    Files.move(unfinished, file, StandardCopyOption.ATOMIC_MOVE);
    LinuxFile.syncDirectory(file.toAbsolutePath().resolveSibling(""));
    return index;
  }

  /** Leaves nothing of an archive that was not finished. */
  @Override
  public void close() throws IOException {
    channel.close();
    Files.deleteIfExists(unfinished);
  }
}
