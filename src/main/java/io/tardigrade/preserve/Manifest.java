package io.tardigrade.preserve;

import io.tardigrade.guest.GuestSpec;
import io.tardigrade.guest.Json;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;

/**
 * What was frozen before a planned reset; sealed into preserved memory once every guest stands
 * still, read by what resumes them. Big-endian:
 *
 * <pre>
 *    0  8  magic "TDGRESET"
 *    8  4  format version
 *   12  4  bytes of the content, at most 1 MiB
 *   16     content: this record as JSON, UTF-8
 *   16+n 4 CRC32C of all before
 * </pre>
 *
 * @param bootId of the kernel that was reset; a manifest of another boot says nothing
 * @param frozenAt when all guests stood still
 * @param sealedAt when it was sealed, just before the jump
 * @param reason why the host was reset, for people
 * @param program version of the program that sealed it
 * @param kernel release of the kernel that was reset
 * @param guests those frozen
 * @param begunAt when the first guest was asked to stand still; null where that is not known
 * @param sealed the moment of sealing by a clock that goes on in the next kernel; null where it is
 *     not known
 */
public record Manifest(
    String bootId,
    Instant frozenAt,
    Instant sealedAt,
    String reason,
    String program,
    String kernel,
    List<Frozen> guests,
    @Nullable Instant begunAt,
    @Nullable ClockMark sealed) {
  /** Of the format, and of what the images it names are to be. */
  public static final int VERSION = 1;

  static final int CONTENT_BYTES_MAX = 1 << 20;
  static final int GUESTS_MAX = 4096;
  private static final long MAGIC = 0x5444475245534554L;
  private static final int HEAD_BYTES = 16;
  private static final int CRC_BYTES = 4;

  /**
   * One frozen guest.
   *
   * @param name of the guest
   * @param epoch at which it stands
   * @param frozenAt when its last checkpoint was committed
   */
  public record Frozen(String name, long epoch, Instant frozenAt) {
    public Frozen {
      Objects.requireNonNull(name, "name");
      Objects.requireNonNull(frozenAt, "frozen_at");
    }
  }

  public Manifest {
    Objects.requireNonNull(bootId, "boot_id");
    Objects.requireNonNull(frozenAt, "frozen_at");
    Objects.requireNonNull(sealedAt, "sealed_at");
    guests = List.copyOf(guests);
    Set<String> names = new HashSet<>();
    for (Frozen guest : guests) {
      GuestSpec.checkName("guest", guest.name());
      if (guest.epoch() <= 0 || !names.add(guest.name())) {
        throw new IllegalArgumentException(
            "guest '" + guest.name() + "' at epoch " + guest.epoch() + ", or named twice");
      }
    }
    if (guests.size() > GUESTS_MAX) {
      throw new IllegalArgumentException(guests.size() + " guests, at most " + GUESTS_MAX);
    }
  }

  /** Without a clock that goes on. */
  public Manifest(
      String bootId,
      Instant frozenAt,
      Instant sealedAt,
      String reason,
      String program,
      String kernel,
      List<Frozen> guests) {
    this(bootId, frozenAt, sealedAt, reason, program, kernel, guests, null, null);
  }

  /**
   * The same with the times of day that are right by this kernel's clock.
   *
   * @param setForward how far the clock was set forward since the manifest was sealed
   */
  public Manifest onClockSetForward(Duration setForward) {
    return new Manifest(
        bootId,
        frozenAt.plus(setForward),
        sealedAt.plus(setForward),
        reason,
        program,
        kernel,
        guests.stream()
            .map(g -> new Frozen(g.name(), g.epoch(), g.frozenAt().plus(setForward)))
            .toList(),
        begunAt == null ? null : begunAt.plus(setForward),
        sealed);
  }

  /** How far this host's clock was set forward since the manifest was sealed. */
  public Duration setForward() throws IOException {
    if (sealed == null) {
      return Duration.ZERO;
    }
    ClockMark now = ClockMark.now();
    return sealed.setForwardUntil(now.at(), now.count(), BootId.startedAt());
  }

  /** The guest called {@code name}, if it was frozen. */
  public Optional<Frozen> guest(String name) {
    return guests.stream().filter(guest -> guest.name().equals(name)).findFirst();
  }

  /** As it is stored. */
  public byte[] encode() {
    return frame(Json.line(this).getBytes(StandardCharsets.UTF_8));
  }

  static byte[] frame(byte[] content) {
    if (content.length > CONTENT_BYTES_MAX) {
      throw new IllegalArgumentException("a manifest of " + content.length + " bytes");
    }
    ByteBuffer out = ByteBuffer.allocate(HEAD_BYTES + content.length + CRC_BYTES);
    out.putLong(MAGIC).putInt(VERSION).putInt(content.length).put(content);
    out.putInt(crc(out.array(), out.position()));
    return out.array();
  }

  /**
   * Reads what {@link #encode} made.
   *
   * @throws IOException saying what is wrong with it
   */
  public static Manifest decode(byte[] stored) throws IOException {
    ByteBuffer in = ByteBuffer.wrap(stored);
    if (stored.length < HEAD_BYTES + CRC_BYTES || in.getLong() != MAGIC) {
      throw new IOException("the manifest does not begin with TDGRESET; it is none, or damaged");
    }
    int version = in.getInt();
    if (version != VERSION) {
      throw new IOException(
          "the manifest has format version "
              + version
              + ", this program reads version "
              + VERSION
              + ": use the program that sealed it");
    }
    int bytes = in.getInt();
    if (bytes < 0
        || bytes > CONTENT_BYTES_MAX
        || stored.length != HEAD_BYTES + bytes + CRC_BYTES
        || in.getInt(HEAD_BYTES + bytes) != crc(stored, HEAD_BYTES + bytes)) {
      throw new IOException("the manifest does not match its checksum; it is damaged");
    }
    try {
      String content =
          StandardCharsets.UTF_8.newDecoder().decode(in.slice(HEAD_BYTES, bytes)).toString();
      return Json.parse("the manifest", content, Manifest.class);
    } catch (CharacterCodingException e) {
      throw new IOException("the manifest is not UTF-8; it is damaged", e);
    }
  }

  private static int crc(byte[] bytes, int length) {
    CRC32C crc = new CRC32C();
    crc.update(bytes, 0, length);
    return (int) crc.getValue();
  }
}
