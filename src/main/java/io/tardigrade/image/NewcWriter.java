package io.tardigrade.image;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;

/**
 * Writes a {@link FileTree} as a cpio archive of the kind that Linux unpacks into its initramfs.
 * The same tree gives the same bytes: entries are sorted, times and inode numbers are not the
 * host's.
 *
 * <pre>
 *   entry:  "070701" | ino mode uid gid nlink mtime filesize devmajor devminor rdevmajor rdevminor
 *           namesize check           (each 8 hexadecimal digits)
 *           name NUL, padded to 4 bytes | content, padded to 4 bytes
 *   end:    an entry named "TRAILER!!!"
 * </pre>
 *
 * Source: the kernel's Documentation/driver-api/early-userspace/buffer-format.rst.
 */
final class NewcWriter {
  private static final byte[] PADDING = new byte[4];

  private final OutputStream out;
  private long written;
  private int inode = 1;

  NewcWriter(OutputStream out) {
    this.out = out;
  }

  /** Writes all of {@code tree} and the archive's end; does not close the stream. */
  void write(FileTree tree) throws IOException {
    for (Map.Entry<String, FileTree.Node> entry : tree.nodes().entrySet()) {
      FileTree.Node node = entry.getValue();
      header(entry.getKey().substring(1), node);
      content(entry.getKey(), node);
      pad();
    }
    byte[] nothing = {};
    header("TRAILER!!!", new FileTree.Node(0, 0, 0, null, nothing, 0));
    pad();
  }

  private void header(String name, FileTree.Node node) throws IOException {
    byte[] nameBytes = name.getBytes(StandardCharsets.UTF_8);
    boolean device = node.type() == FileTree.CHARACTER_DEVICE;
    long[] fields = {
      inode++,
      node.mode(),
      node.uid() & 0xffff_ffffL,
      node.gid() & 0xffff_ffffL,
      node.type() == FileTree.FOLDER ? 2 : 1,
      0,
      node.sizeBytes(),
      0,
      0,
      device ? node.bytes()[0] : 0,
      device ? node.bytes()[1] : 0,
      nameBytes.length + 1L,
      0
    };
    StringBuilder header = new StringBuilder("070701");
    for (long field : fields) {
      header.append(String.format("%08x", field));
    }
    put(header.toString().getBytes(StandardCharsets.US_ASCII));
    put(nameBytes);
    put(new byte[1]);
    pad();
  }

  private void content(String path, FileTree.Node node) throws IOException {
    Path source = node.source();
    if (source == null) {
      if (node.sizeBytes() > 0) {
        put(node.bytes());
      }
      return;
    }
    try (InputStream in = Files.newInputStream(source)) {
      byte[] block = new byte[1 << 16];
      long left = node.sizeBytes();
      while (left > 0) {
        int got = in.read(block, 0, (int) Math.min(left, block.length));
        if (got < 0) {
          throw new ImageException(path + " shrank while it was packed; try again");
        }
        out.write(block, 0, got);
        written += got;
        left -= got;
      }
    }
  }

  private void put(byte[] bytes) throws IOException {
    out.write(bytes);
    written += bytes.length;
  }

  private void pad() throws IOException {
    int padding = (int) (-written & 3);
    out.write(PADDING, 0, padding);
    written += padding;
  }
}
