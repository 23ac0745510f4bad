package io.tardigrade.image;

import java.io.IOException;
import java.io.InputStream;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;

/**
 * Takes a bootable disk of any system, raw or qcow2, into a sparse raw file of ours. The file is
 * hostile: its kind is told by its header, never by its name, and a qcow2 that refers to other
 * files of the host is refused.
 *
 * <pre>
 *   qcow2, big endian:
 *   0 "QFI" fb | 4 version u32 (2, 3) | 8 backing file offset u64 (0: none) | 16 its length u32
 *   20 cluster bits u32 (9 to 21) | 24 virtual size u64 | 32 encryption u32 (0: none) | …
 *   72 incompatible features u64, version 3 only; bit 2: the data are in another file
 *
 *   raw:  0 boot code | 510 55 aa
 * </pre>
 *
 * Source: QEMU's docs/interop/qcow2.txt.
 */
public final class DiskImport {
  /** The largest disk taken, in bytes. */
  public static final long BYTES_MAX = 4L << 40;

  private static final int SECTOR_BYTES = 512;
  private static final int QCOW2_HEADER_BYTES = 104;
  private static final long ADDRESS_SPACE_BYTES_MAX = 4L << 30;

  /** What other files begin with that users may give by mistake. */
  private static final Map<String, String> OTHER_KINDS =
      Map.of(
          "KDMV", "a VMware disk",
          "vhdxfile", "a Hyper-V disk",
          "conectix", "a Virtual PC disk",
          "<<< ", "a VirtualBox disk",
          "\u001f\u008b", "compressed with gzip",
          "\u00fd7zXZ", "compressed with xz",
          "(\u00b5/\u00fd", "compressed with zstd",
          "BZh", "compressed with bzip2");

  private DiskImport() {}

  /**
   * Makes {@code target}, a raw disk, from {@code source}, in one step.
   *
   * @param timeMax bound on the conversion
   * @return the plan to boot it
   * @throws ImageException in one line, when it is not a whole, bootable disk
   */
  public static BootPlan run(Path source, Path target, Duration timeMax) throws IOException {
    String format = check(source);
    Staging.file(target, temporary -> convert(source, format, temporary, timeMax));
    return new BootPlan(BootPlan.Machine.Q35, null, null, "", target);
  }

  private static String check(Path source) throws IOException {
    if (!Files.isRegularFile(source) || !Files.isReadable(source)) {
      throw new ImageException("--disk " + source + ": no such file; expected a raw or qcow2 disk");
    }
    byte[] header;
    try (InputStream in = Files.newInputStream(source)) {
      header = in.readNBytes(SECTOR_BYTES);
    }
    return format(header, Files.size(source), "--disk " + source);
  }

  /**
   * The format that a file with this header has, as qemu-img names it.
   *
   * @param header the file's first 512 bytes, or all of them when it has fewer
   */
  static String format(byte[] header, long sizeBytes, String what) throws ImageException {
    String start = new String(header, 0, Math.min(8, header.length), StandardCharsets.ISO_8859_1);
    if (start.startsWith("QFI\u00fb")) {
      checkQcow2(header, what);
      return "qcow2";
    }
    for (Map.Entry<String, String> kind : OTHER_KINDS.entrySet()) {
      if (start.startsWith(kind.getKey())) {
        throw new ImageException(
            what + " is " + kind.getValue() + "; convert it to qcow2 with qemu-img first");
      }
    }
    if (sizeBytes % SECTOR_BYTES != 0 || sizeBytes > BYTES_MAX || !isBootable(header)) {
      throw new ImageException(
          what + " is neither a qcow2 file nor a raw disk with a boot sector; give one of these");
    }
    return "raw";
  }

  private static void checkQcow2(byte[] bytes, String what) throws ImageException {
    if (bytes.length < QCOW2_HEADER_BYTES) {
      throw new ImageException(what + " is a truncated qcow2 file; copy it again");
    }
    ByteBuffer header = ByteBuffer.wrap(bytes);
    int version = header.getInt(4);
    int clusterBits = header.getInt(20);
    long virtualBytes = header.getLong(24);
    boolean sane = (version == 2 || version == 3) && clusterBits >= 9 && clusterBits <= 21;
    if (!sane || virtualBytes <= 0 || virtualBytes > BYTES_MAX) {
      throw new ImageException(
          what + " is a qcow2 file with a broken header, or larger than 4 TiB; check it");
    }
    if (header.getLong(8) != 0) {
      throw new ImageException(
          what + " has a backing file; flatten it with `qemu-img convert -O qcow2` first");
    }
    if (version == 3 && (header.getLong(72) & 4) != 0) {
      throw new ImageException(
          what + " keeps its data in another file; flatten it with `qemu-img convert` first");
    }
    if (header.getInt(32) != 0) {
      throw new ImageException(what + " is encrypted; give one that is not");
    }
  }

  private static void convert(Path source, String format, Path target, Duration timeMax)
      throws IOException {
    try {
      HostCommand.run(
          null,
          timeMax,
          List.of(
              "prlimit",
              "--as=" + ADDRESS_SPACE_BYTES_MAX,
              "qemu-img",
              "convert",
              "-f",
              format,
              "-O",
              "raw",
              source.toAbsolutePath().toString(),
              target.toAbsolutePath().toString()));
    } catch (ImageException e) {
      throw new ImageException("--disk " + source + " cannot be read: " + e.getMessage(), e);
    }
    byte[] sector = new byte[SECTOR_BYTES];
    try (RandomAccessFile raw = new RandomAccessFile(target.toFile(), "r")) {
      int got = raw.read(sector);
      if (!isBootable(Arrays.copyOf(sector, Math.max(got, 0)))) {
        throw new ImageException(
            "--disk " + source + " has no boot sector (55 aa at byte 510); no BIOS would boot it");
      }
    }
  }

  private static boolean isBootable(byte[] sector) {
    return sector.length >= SECTOR_BYTES
        && sector[510] == (byte) 0x55
        && sector[511] == (byte) 0xaa;
  }
}
