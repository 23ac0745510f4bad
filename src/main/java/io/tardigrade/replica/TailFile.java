package io.tardigrade.replica;

import io.tardigrade.linux.LinuxFile;
import io.tardigrade.replication.EpochId;
import io.tardigrade.replication.WireFormat;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import java.util.zip.CRC32C;

/**
 * The parts of one epoch in a file: while it is staged under a name of no worth, from the seal on
 * under its own, {@code epoch-REIGN.NUMBER}. Big-endian:
 *
 * <pre>
 *    0  8  magic "TDGTAIL1"
 *    8  8  life: which run of which guest
 *   16 16  id: reign, epoch
 *   32 16  id of the epoch before it
 *   48  4  number of parts
 *   52  4  CRC32C of bytes 0 to 52 and of the heads of all parts
 *   56     parts, one behind the other: length 4, CRC32C 4 of so many bytes, which follow
 * </pre>
 */
final class TailFile {
  static final String PREFIX = "epoch-";
  static final String STAGED = "staged";

  /** A part with its head. */
  static final int SCRATCH_BYTES = 8 + WireFormat.PAYLOAD_BYTES_MAX;

  private static final long MAGIC = 0x54444754_41494c31L;
  private static final int HEAD_BYTES = 56;
  private static final int CRC_AT = 52;
  private static final int PART_HEAD_BYTES = 8;

  /** Where a part lies. */
  private record Part(long offset, int bytes, int crc) {}

  private final long life;
  private final EpochId id;
  private final ByteBuffer scratch;
  private final List<Part> parts = new ArrayList<>();
  private Path path;
  private EpochId parent = EpochId.NONE;
  private long fileBytes = HEAD_BYTES;

  private TailFile(Path path, long life, EpochId id, ByteBuffer scratch) {
    this.path = path;
    this.life = life;
    this.id = id;
    this.scratch = scratch;
  }

  EpochId id() {
    return id;
  }

  EpochId parent() {
    return parent;
  }

  int parts() {
    return parts.size();
  }

  long bytes() {
    return fileBytes;
  }

  Path path() {
    return path;
  }

  /**
   * Begins an epoch; whatever was staged is gone.
   *
   * @param scratch direct, of {@link #SCRATCH_BYTES}; used during each call
   */
  static TailFile stage(Path folder, long life, EpochId id, ByteBuffer scratch) throws IOException {
    Path path = folder.resolve(STAGED);
    try (LinuxFile file = LinuxFile.openOrCreate(path)) {
      file.truncate(0);
      file.write(0, scratch.clear().put(new byte[HEAD_BYTES]).flip());
    }
    return new TailFile(path, life, id, scratch);
  }

  /** Adds a part; where it finds no space the file is as it was. */
  void append(ByteBuffer payload) throws IOException {
    int bytes = payload.remaining();
    CRC32C crc = new CRC32C();
    crc.update(payload.duplicate());
    Part part = new Part(fileBytes + PART_HEAD_BYTES, bytes, (int) crc.getValue());
    scratch.clear().putInt(bytes).putInt(part.crc()).put(payload.duplicate()).flip();
    try (LinuxFile file = LinuxFile.open(path)) {
      try {
        file.write(fileBytes, scratch);
      } catch (IOException e) {
        file.truncate(fileBytes);
        throw e;
      }
    }
    parts.add(part);
    fileBytes += PART_HEAD_BYTES + bytes;
  }

  /** Completes it, as the epoch that follows {@code before}. */
  void complete(EpochId before) throws IOException {
    parent = before;
    try (LinuxFile file = LinuxFile.open(path)) {
      file.write(0, scratch.clear().put(head()).flip());
      file.sync();
    }
  }

  /** Seals it: from now on it is found. */
  void publish() throws IOException {
    Path sealed = path.resolveSibling(PREFIX + id);
    Files.move(path, sealed, StandardCopyOption.ATOMIC_MOVE);
    path = sealed;
    LinuxFile.syncDirectory(directory());
  }

  private Path directory() throws IOException {
    Path directory = path.getParent();
    if (directory == null) {
      throw new IOException("not in a folder: " + path);
    }
    return directory;
  }

  private ByteBuffer head() {
    ByteBuffer head = ByteBuffer.allocate(HEAD_BYTES).putLong(MAGIC).putLong(life);
    head.putLong(id.reign()).putLong(id.epoch()).putLong(parent.reign()).putLong(parent.epoch());
    head.putInt(parts.size());
    return head.putInt(crc(head)).flip();
  }

  private int crc(ByteBuffer head) {
    CRC32C crc = new CRC32C();
    crc.update(head.slice(0, CRC_AT));
    for (Part part : parts) {
      crc.update(ByteBuffer.allocate(8).putInt(part.bytes()).putInt(part.crc()).flip());
    }
    return (int) crc.getValue();
  }

  /** A part, checked, on the heap. */
  ByteBuffer part(int index) throws IOException {
    Part part = parts.get(index);
    scratch.clear().limit(part.bytes());
    try (LinuxFile file = LinuxFile.open(path)) {
      file.read(part.offset(), scratch);
    }
    CRC32C crc = new CRC32C();
    crc.update(scratch.flip());
    if ((int) crc.getValue() != part.crc()) {
      throw damaged("part " + index + " does not match its checksum");
    }
    return ByteBuffer.allocate(part.bytes()).put(scratch.rewind()).flip().asReadOnlyBuffer();
  }

  IOException damaged(String found) {
    return new IOException(
        path
            + " is damaged: "
            + found
            + "; keep its folder for diagnosis, or remove it to have this host synchronised anew");
  }

  /** Reads a sealed epoch but for what its parts say. */
  static TailFile open(Path path, long life, ByteBuffer scratch) throws IOException {
    TailFile made = new TailFile(path, life, EpochId.NONE, scratch);
    try (LinuxFile file = LinuxFile.open(path)) {
      long size = file.size();
      if (size < HEAD_BYTES) {
        throw made.damaged(size + " bytes");
      }
      ByteBuffer head = ByteBuffer.allocateDirect(HEAD_BYTES);
      file.read(0, head);
      return read(made, head.flip(), file, size);
    }
  }

  private static TailFile read(TailFile bare, ByteBuffer head, LinuxFile file, long size)
      throws IOException {
    if (head.getLong(0) != MAGIC || head.getLong(8) != bare.life) {
      throw bare.damaged("no epoch of this guest");
    }
    TailFile found = new TailFile(bare.path, bare.life, bare.id(head, 16), bare.scratch);
    found.parent = bare.id(head, 32);
    int count = head.getInt(48);
    if (count < 1 || count > WireFormat.SMALL_COUNT_MAX) {
      throw bare.damaged(count + " parts");
    }
    ByteBuffer part = ByteBuffer.allocateDirect(PART_HEAD_BYTES);
    for (int i = 0; i < count; i++) {
      if (found.fileBytes > size - PART_HEAD_BYTES) {
        throw bare.damaged("ends before part " + i + " of " + count);
      }
      file.read(found.fileBytes, part.clear());
      long offset = found.fileBytes + PART_HEAD_BYTES;
      int bytes = part.getInt(0);
      if (bytes < 0 || bytes > WireFormat.PAYLOAD_BYTES_MAX || bytes > size - offset) {
        throw bare.damaged("part " + i + " of " + bytes + " bytes");
      }
      found.parts.add(new Part(offset, bytes, part.getInt(4)));
      found.fileBytes = offset + bytes;
    }
    if (found.fileBytes != size || found.crc(head) != head.getInt(CRC_AT)) {
      throw bare.damaged("does not match its checksum");
    }
    if (!bare.path.endsWith(PREFIX + found.id)) {
      throw bare.damaged("holds epoch " + found.id);
    }
    return found;
  }

  private EpochId id(ByteBuffer head, int at) throws IOException {
    long reign = head.getLong(at);
    long epoch = head.getLong(at + 8);
    if (reign < 0 || epoch < 0) {
      throw damaged("epoch " + reign + "." + epoch);
    }
    return new EpochId(reign, epoch);
  }

  void delete() throws IOException {
    Files.deleteIfExists(path);
  }
}
