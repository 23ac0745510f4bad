package io.tardigrade.replica;

import io.tardigrade.linux.LinuxFile;
import io.tardigrade.replication.EpochId;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;

/**
 * The file {@code replica}: what image and sealed epochs do not say of themselves. Two slots of 64
 * bytes, written in turn; the valid one of the higher sequence counts. All its space is there from
 * the start. Big-endian:
 *
 * <pre>
 *    0  8  magic "TDGREPL1"
 *    8  8  sequence
 *   16  8  life: which run of which guest
 *   24  4  phase: 1 whole, the image is the base; 2 whole, the image is ahead of the base; 3 not
 *          whole
 *   28  4  zero
 *   32 16  base: reign, epoch, where the image is ahead of it
 *   48  4  CRC32C of bytes 0 to 48
 * </pre>
 */
final class StoreState {
  private static final String NAME = "replica";
  private static final long MAGIC = 0x54444752_45504c31L;
  private static final int SLOT_BYTES = 64;
  private static final int CRC_AT = 48;

  /** How contents and base stand to each other. */
  enum Phase {
    WHOLE(1),
    AHEAD(2),
    NOT_WHOLE(3);

    private final int code;

    Phase(int code) {
      this.code = code;
    }

    static @Nullable Phase of(int code) {
      return code < 1 || code > values().length ? null : values()[code - 1];
    }
  }

  private final Path path;
  private final long life;
  private final long sequence;
  private final Phase phase;
  private final EpochId base;

  private StoreState(Path path, long life, long sequence, Phase phase, EpochId base) {
    this.path = path;
    this.life = life;
    this.sequence = sequence;
    this.phase = phase;
    this.base = base;
  }

  Phase phase() {
    return phase;
  }

  /** Where the image is ahead of it. */
  EpochId base() {
    return base;
  }

  /** Makes the file, with all its space. */
  static StoreState create(Path folder, long life, Phase phase) throws IOException {
    Path path = folder.resolve(NAME);
    try (LinuxFile file = LinuxFile.openOrCreate(path)) {
      file.truncate(0);
      file.write(0, ByteBuffer.allocateDirect(2 * SLOT_BYTES));
    }
    StoreState state = new StoreState(path, life, 0, phase, EpochId.NONE).next(phase, EpochId.NONE);
    LinuxFile.syncDirectory(folder);
    return state;
  }

  /** What is there of this life, or null. */
  static @Nullable StoreState open(Path folder, long life) throws IOException {
    Path path = folder.resolve(NAME);
    if (!Files.exists(path)) {
      return null;
    }
    StoreState newest = null;
    ByteBuffer slot = ByteBuffer.allocateDirect(SLOT_BYTES);
    try (LinuxFile file = LinuxFile.open(path)) {
      for (int i = 0; i < 2 && file.size() >= 2 * SLOT_BYTES; i++) {
        file.read((long) i * SLOT_BYTES, slot.clear());
        StoreState found = read(path, life, slot.flip());
        if (found != null && (newest == null || found.sequence > newest.sequence)) {
          newest = found;
        }
      }
    }
    return newest;
  }

  private static @Nullable StoreState read(Path path, long life, ByteBuffer slot) {
    Phase phase = Phase.of(slot.getInt(24));
    if (slot.getLong(0) != MAGIC
        || slot.getLong(16) != life
        || crc(slot) != slot.getInt(CRC_AT)
        || phase == null
        || slot.getLong(32) < 0
        || slot.getLong(40) < 0) {
      return null;
    }
    EpochId base = new EpochId(slot.getLong(32), slot.getLong(40));
    return new StoreState(path, life, slot.getLong(8), phase, base);
  }

  private static int crc(ByteBuffer slot) {
    CRC32C crc = new CRC32C();
    crc.update(slot.slice(0, CRC_AT));
    return (int) crc.getValue();
  }

  /** Changes it, at once. */
  StoreState next(Phase nextPhase, EpochId nextBase) throws IOException {
    StoreState next = new StoreState(path, life, sequence + 1, nextPhase, nextBase);
    ByteBuffer slot = ByteBuffer.allocateDirect(SLOT_BYTES);
    slot.putLong(MAGIC).putLong(next.sequence).putLong(life).putInt(nextPhase.code).putInt(0);
    slot.putLong(nextBase.reign()).putLong(nextBase.epoch());
    slot.putInt(crc(slot)).clear();
    try (LinuxFile file = LinuxFile.open(path)) {
      file.write((next.sequence & 1) * SLOT_BYTES, slot);
      file.sync();
    }
    return next;
  }

  static void delete(Path folder) throws IOException {
    Files.deleteIfExists(folder.resolve(NAME));
  }
}
