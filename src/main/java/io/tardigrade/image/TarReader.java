package io.tardigrade.image;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Reads a tar archive as a stream: ustar, with the long names of GNU and of POSIX (pax). The
 * archive is hostile: headers are checked, names and extended headers are bounded, and nothing is
 * allocated by what a header claims.
 *
 * <pre>
 *   header, 512 bytes:
 *   0 name 100 | 100 mode 8 | 108 uid 8 | 116 gid 8 | 124 size 12 | 136 mtime 12 | 148 checksum 8
 *   156 type 1 | 157 link 100 | 257 "ustar" | 329 major 8 | 337 minor 8 | 345 prefix 155
 *   numbers are octal digits, or big-endian binary when the first byte has its top bit set
 *   content follows, padded to 512 bytes; two zero blocks end the archive
 *
 *   types:  0 NUL 7 file | 1 hard link | 2 symbolic link | 3 4 device | 5 folder | 6 pipe
 *           L K long name, long link of the next entry (GNU) | x g records (pax)
 *   pax record:  "LENGTH KEY=VALUE\n", LENGTH counting the whole record
 * </pre>
 *
 * Source: POSIX.1-2017, pax; GNU tar manual, "Basic Tar Format".
 */
final class TarReader {
  private static final int BLOCK = 512;
  private static final int NAME_BYTES_MAX = 4096;
  private static final int RECORDS_BYTES_MAX = 1 << 20;

  private final InputStream in;
  private final String what;
  private final byte[] block = new byte[BLOCK];
  private long position;
  private long left;
  private long padding;

  /**
   * @param type one of {@code 0} file, {@code 1} hard link, {@code 2} symbolic link, {@code 5}
   *     folder; others are devices and the like
   * @param offset where its content begins in the archive
   */
  record Entry(
      String name,
      char type,
      int mode,
      int uid,
      int gid,
      long sizeBytes,
      long mtimeSeconds,
      String link,
      long offset) {}

  /**
   * @param what names the archive in errors
   */
  TarReader(InputStream in, String what) {
    this.in = in;
    this.what = what;
  }

  /** The next entry, or null at the archive's end. Content of the entry before is passed over. */
  @Nullable Entry next() throws IOException {
    Map<String, String> records = new HashMap<>();
    while (true) {
      skip(left);
      skip(padding);
      left = 0;
      padding = 0;
      if (!readBlock()) {
        return null;
      }
      checkSum();
      char type = (char) (block[156] & 0xff);
      long size = number(124, 12);
      if (size < 0) {
        throw broken("an entry has a negative size");
      }
      left = size;
      padding = -size & (BLOCK - 1);
      switch (type) {
        case 'L' -> records.put("path", longName());
        case 'K' -> records.put("linkpath", longName());
        case 'x' -> readRecords(records);
        case 'g' -> {
          // Defaults for all entries; none that matter here are ever global.
        }
        default -> {
          return entry(type, records);
        }
      }
    }
  }

  /** Content of the current entry; ends where it ends. */
  InputStream content() {
    return new InputStream() {
      @Override
      public int read() throws IOException {
        byte[] one = new byte[1];
        return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
      }

      @Override
      public int read(byte[] buffer, int offset, int length) throws IOException {
        if (length == 0) {
          return 0;
        }
        if (left == 0) {
          return -1;
        }
        int got = in.read(buffer, offset, (int) Math.min(length, left));
        if (got < 0) {
          throw broken("it ends in the middle of a file");
        }
        left -= got;
        position += got;
        return got;
      }
    };
  }

  private Entry entry(char type, Map<String, String> records) throws IOException {
    String prefix = text(257, 5).equals("ustar") && block[262] == 0 ? text(345, 155) : "";
    String name =
        records.getOrDefault("path", prefix.isEmpty() ? text(0, 100) : prefix + "/" + text(0, 100));
    String link = records.getOrDefault("linkpath", text(157, 100));
    if (records.containsKey("size")) {
      left = decimal(records, "size");
      padding = -left & (BLOCK - 1);
    }
    char plain = type == 0 || type == '7' ? '0' : type;
    if (plain != '0') {
      // Only files have content; what others carry is passed over by the size in their header.
      return make(name, plain, 0, link, records);
    }
    boolean folder = name.endsWith("/");
    return make(name, folder ? '5' : '0', folder ? 0 : left, link, records);
  }

  private Entry make(String name, char type, long size, String link, Map<String, String> records)
      throws IOException {
    long uid = records.containsKey("uid") ? decimal(records, "uid") : number(108, 8);
    long gid = records.containsKey("gid") ? decimal(records, "gid") : number(116, 8);
    if (uid < 0 || uid > Integer.MAX_VALUE || gid < 0 || gid > Integer.MAX_VALUE) {
      throw broken("an entry's owner is out of range");
    }
    if (name.length() > NAME_BYTES_MAX || link.length() > NAME_BYTES_MAX) {
      throw broken("a name in it is longer than 4096 bytes");
    }
    int mode = (int) number(100, 8) & 07777;
    long mtime = Math.clamp(number(136, 12), 0L, Integer.MAX_VALUE);
    return new Entry(name, type, mode, (int) uid, (int) gid, size, mtime, link, position);
  }

  private String longName() throws IOException {
    String name = new String(bounded(NAME_BYTES_MAX + 1), StandardCharsets.UTF_8);
    int end = name.indexOf('\0');
    return end < 0 ? name : name.substring(0, end);
  }

  private void readRecords(Map<String, String> records) throws IOException {
    byte[] bytes = bounded(RECORDS_BYTES_MAX);
    int at = 0;
    while (at < bytes.length && bytes[at] != 0) {
      int length = 0;
      int digit = at;
      while (digit < bytes.length && bytes[digit] >= '0' && bytes[digit] <= '9' && digit - at < 8) {
        length = length * 10 + bytes[digit++] - '0';
      }
      if (digit == at || digit >= bytes.length || bytes[digit] != ' ') {
        throw broken("an extended header does not begin with its length");
      }
      int start = digit + 1;
      int end = at + length - 1;
      if (end < start || end >= bytes.length || bytes[end] != '\n') {
        throw broken("an extended header is cut off");
      }
      String record = new String(bytes, start, end - start, StandardCharsets.UTF_8);
      int equals = record.indexOf('=');
      if (equals > 0) {
        records.put(record.substring(0, equals), record.substring(equals + 1));
      }
      at += length;
    }
  }

  private byte[] bounded(int bytesMax) throws IOException {
    if (left > bytesMax) {
      throw broken("an extended header is larger than " + bytesMax + " bytes");
    }
    return content().readNBytes(bytesMax);
  }

  private long decimal(Map<String, String> records, String key) throws IOException {
    String text = records.getOrDefault(key, "");
    if (!text.matches("\\d{1,18}")) {
      throw broken("an extended header has no number for " + key);
    }
    return Long.parseLong(text);
  }

  private boolean readBlock() throws IOException {
    int got = in.readNBytes(block, 0, BLOCK);
    position += got;
    if (got == 0) {
      // Some tools leave the closing blocks out.
      return false;
    }
    if (got < BLOCK) {
      throw broken("it ends in the middle of a header");
    }
    for (byte b : block) {
      if (b != 0) {
        return true;
      }
    }
    return false;
  }

  private void checkSum() throws IOException {
    long sum = 0;
    for (int i = 0; i < BLOCK; i++) {
      sum += i >= 148 && i < 156 ? ' ' : block[i] & 0xff;
    }
    if (sum != number(148, 8)) {
      throw broken("a header's checksum is wrong");
    }
  }

  private long number(int at, int length) throws IOException {
    if ((block[at] & 0x80) != 0) {
      long value = block[at] & 0x3f;
      for (int i = 1; i < length; i++) {
        if (value >>> 55 != 0) {
          throw broken("a number in a header is too large");
        }
        value = (value << 8) | (block[at + i] & 0xff);
      }
      // A second top bit means a negative number: a time before 1970.
      return (block[at] & 0x40) != 0 ? -1 : value;
    }
    long value = 0;
    boolean started = false;
    for (int i = at; i < at + length; i++) {
      int c = block[i];
      if (c >= '0' && c <= '7') {
        value = value * 8 + c - '0';
        started = true;
      } else if (started || (c != ' ' && c != 0)) {
        if (c == ' ' || c == 0) {
          break;
        }
        throw broken("a header holds something else where a number belongs");
      }
    }
    return value;
  }

  private String text(int at, int length) {
    int end = at;
    while (end < at + length && block[end] != 0) {
      end++;
    }
    return new String(block, at, end - at, StandardCharsets.UTF_8);
  }

  private void skip(long bytes) throws IOException {
    long todo = bytes;
    while (todo > 0) {
      long done = in.skip(todo);
      if (done <= 0) {
        if (in.read() < 0) {
          throw broken("it ends in the middle of an entry");
        }
        done = 1;
      }
      todo -= done;
      position += done;
    }
  }

  private ImageException broken(String why) {
    return new ImageException(what + " is not a whole tar archive: " + why);
  }
}
