package io.tardigrade.diagnosis;

import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.zip.CRC32C;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveInputStream;
import org.apache.commons.compress.compressors.gzip.GzipCompressorInputStream;

/**
 * Reads an archive from beginning to end and holds it against its index: only what was read back is
 * evidence that is kept. An archive may have been changed by anybody: names, number and size of its
 * files are bounded, and nothing is written anywhere.
 */
public final class ArchiveReader {
  private static final int INDEX_BYTES_MAX = 2 << 20;

  private final long bytesMax;
  private final Map<String, Found> found = new HashMap<>();
  private byte[] index = new byte[0];
  private long bytes;

  private record Found(long bytes, String crc32c) {}

  private ArchiveReader(long bytesMax) {
    this.bytesMax = bytesMax;
  }

  /**
   * Checks an archive.
   *
   * @return what it holds
   * @throws IOException where it is damaged or no archive of ours, in one line
   */
  public static ArchiveIndex verify(Path file) throws IOException {
    try (InputStream in = new BufferedInputStream(Files.newInputStream(file), 1 << 16)) {
      return new ArchiveReader(Diagnosis.BYTES_MAX + Diagnosis.CORES_BYTES_MAX).read(in);
    } catch (IOException e) {
      throw new IOException(file + ": " + e.getMessage(), e);
    }
  }

  /** For a fuzzer: an archive of any bytes. */
  static int fuzz(byte[] bytes) {
    try {
      return new ArchiveReader(64 << 20)
          .read(new java.io.ByteArrayInputStream(bytes))
          .entries()
          .size();
    } catch (IOException e) {
      return -1;
    }
  }

  private ArchiveIndex read(InputStream in) throws IOException {
    try (TarArchiveInputStream tar = new TarArchiveInputStream(new GzipCompressorInputStream(in))) {
      TarArchiveEntry entry = tar.getNextEntry();
      while (entry != null) {
        take(tar, entry);
        entry = tar.getNextEntry();
      }
    } catch (RuntimeException e) {
      // The library's own way to refuse some headers.
      throw new IOException("not readable as a compressed tar: " + e.getMessage(), e);
    }
    if (index.length == 0) {
      throw new IOException("it has no " + ArchiveIndex.NAME + ", so it was not finished");
    }
    return compare(ArchiveIndex.parse(index));
  }

  private void take(TarArchiveInputStream tar, TarArchiveEntry entry) throws IOException {
    String name = entry.getName();
    if (!entry.isFile() || entry.isLink() || entry.isSymbolicLink() || entry.isSparse()) {
      throw new IOException("'" + printable(name) + "' is no plain file");
    }
    if (name.equals(ArchiveIndex.NAME)) {
      ByteArrayOutputStream text = new ByteArrayOutputStream();
      copy(tar, text, INDEX_BYTES_MAX);
      index = text.toByteArray();
      return;
    }
    if (!ArchiveIndex.isEntryName(name) || found.size() >= ArchiveIndex.ENTRIES_MAX) {
      throw new IOException("'" + printable(name) + "' is no file of ours");
    }
    CRC32C crc = new CRC32C();
    long length = copy(tar, crc);
    Found before = found.put(name, new Found(length, String.format("%08x", crc.getValue())));
    if (before != null) {
      throw new IOException("'" + name + "' is in it twice");
    }
  }

  private static void copy(InputStream in, ByteArrayOutputStream out, int max) throws IOException {
    byte[] all = in.readNBytes(max + 1);
    if (all.length > max) {
      throw new IOException(ArchiveIndex.NAME + " is larger than " + max + " bytes");
    }
    out.writeBytes(all);
  }

  private long copy(InputStream in, CRC32C crc) throws IOException {
    byte[] part = new byte[1 << 16];
    long length = 0;
    for (int n = in.read(part); n >= 0; n = in.read(part)) {
      length += n;
      bytes += n;
      if (bytes > bytesMax) {
        throw new IOException("it unpacks to more than " + bytesMax + " bytes");
      }
      crc.update(part, 0, n);
    }
    return length;
  }

  private ArchiveIndex compare(ArchiveIndex read) throws IOException {
    if (read.entries().size() != found.size()) {
      throw new IOException(
          "it holds " + found.size() + " files, and its index names " + read.entries().size());
    }
    for (ArchiveIndex.Entry entry : read.entries()) {
      Found there = found.get(entry.name());
      if (there == null
          || there.bytes() != entry.bytes()
          || !there.crc32c().equals(entry.crc32c())) {
        throw new IOException("'" + entry.name() + "' is not what the index says");
      }
    }
    return read;
  }

  private static String printable(String name) {
    String cut = name.length() > 100 ? name.substring(0, 100) + "…" : name;
    return cut.replaceAll("\\p{Cntrl}", "?");
  }
}
