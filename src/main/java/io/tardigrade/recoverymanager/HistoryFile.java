package io.tardigrade.recoverymanager;

import io.tardigrade.guest.Json;
import io.tardigrade.linux.LinuxFile;
import io.tardigrade.recovery.History;
import io.tardigrade.recovery.Moment;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Set;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;

/**
 * Keeps what the ladder did, across agents and resets: {@code recovery.json} in the state folder,
 * replaced in one step.
 *
 * <pre>
 *   {"version":1,
 *    "crc32c":"0f3a91c2",          of the content as one line of JSON
 *    "content":{"boot_id":"…",     of the OS in which it was written
 *               "ended":false,     whether the agent ended because it was asked to
 *               "history":{"recycles":[…],"diagnoses":[…],"resets":[…],"advices":[…]}}}
 * </pre>
 *
 * A file that is damaged is put aside as {@code recovery.json.damaged}, and stands for a reset that
 * failed: whoever lost the ladder's limits must not have it reset the host. One thread.
 */
final class HistoryFile {
  private static final int VERSION = 1;
  private static final int FILE_BYTES_MAX = 1 << 20;

  private final Path folder;
  private final Path file;

  /** What is in the file. */
  record Content(String bootId, boolean ended, History history) {}

  /**
   * What was found.
   *
   * @param damage why it could not be read; null where it could, or there was none
   */
  record Loaded(Content content, @Nullable String damage) {}

  private record Document(int version, String crc32c, Content content) {}

  HistoryFile(Path state) {
    this.folder = state;
    this.file = state.resolve("recovery.json");
  }

  /** Reads it; {@code now} is when a damaged one counts as a failed reset. */
  Loaded load(Moment now) throws IOException {
    Content none = new Content("", true, History.NONE);
    byte[] bytes;
    try {
      bytes = bounded();
    } catch (NoSuchFileException e) {
      return new Loaded(none, null);
    }
    try {
      return new Loaded(parse(bytes), null);
    } catch (IOException e) {
      Files.move(
          file,
          file.resolveSibling(file.getFileName() + ".damaged"),
          StandardCopyOption.ATOMIC_MOVE);
      History blocked =
          new History(
              List.of(),
              List.of(),
              List.of(
                  new History.Reset("the history was damaged", now, History.Outcome.FAILED, now)),
              List.of());
      return new Loaded(
          new Content(now.bootId(), true, blocked),
          file + " is damaged and was put aside: " + e.getMessage());
    }
  }

  /** The history as it is, for a reader beside the agent; none where it cannot be read. */
  History peek() {
    try {
      return parse(bounded()).history();
    } catch (IOException e) {
      return History.NONE;
    }
  }

  private byte[] bounded() throws IOException {
    try (var in = Files.newInputStream(file)) {
      return in.readNBytes(FILE_BYTES_MAX + 1);
    }
  }

  /** For a fuzzer: what the file may hold, over any bytes. */
  static int fuzz(byte[] bytes) {
    try {
      return parse(bytes).history().resets().size();
    } catch (IOException e) {
      return -1;
    }
  }

  static Content parse(byte[] bytes) throws IOException {
    if (bytes.length > FILE_BYTES_MAX) {
      throw new IOException("it is larger than " + FILE_BYTES_MAX + " bytes");
    }
    Document document =
        Json.parse("the history", new String(bytes, StandardCharsets.UTF_8), Document.class);
    if (document.version() != VERSION) {
      throw new IOException("it is of version " + document.version() + ", not " + VERSION);
    }
    Content content = document.content();
    if (content == null || !crc(content).equals(document.crc32c())) {
      throw new IOException("its content does not match its checksum");
    }
    check(content);
    return content;
  }

  /** What a record cannot say of itself: that nothing is missing. */
  private static void check(Content content) throws IOException {
    History history = content.history();
    boolean whole =
        content.bootId() != null
            && history != null
            && history.recycles().stream()
                .allMatch(r -> isWhole(r.at()) && r.service() != null && r.cause() != null)
            && history.diagnoses().stream().allMatch(d -> isWhole(d.at()) && d.cause() != null)
            && history.resets().stream()
                .allMatch(r ->
                    isWhole(r.at())
                        && r.cause() != null
                        && r.outcome() != null
                        && (r.ended() == null || isWhole(r.ended())))
            && history.advices().stream().allMatch(a -> isWhole(a.at()) && a.advice() != null);
    if (!whole) {
      throw new IOException("something is missing in it");
    }
  }

  private static boolean isWhole(@Nullable Moment moment) {
    return moment != null && moment.bootId() != null;
  }

  private static String crc(Content content) {
    CRC32C crc = new CRC32C();
    crc.update(Json.line(content).getBytes(StandardCharsets.UTF_8));
    return String.format("%08x", crc.getValue());
  }

  /**
   * Replaces it.
   *
   * @param durable whether a loss of power must not undo that: takes the time of a disk, which a
   *     guest that stands still must not wait for. Without, it survives this process, and what
   *     counts within this boot only needs no more.
   */
  void store(Content content, boolean durable) throws IOException {
    byte[] bytes =
        (Json.line(new Document(VERSION, crc(content), content)) + "\n")
            .getBytes(StandardCharsets.UTF_8);
    Files.createDirectories(folder);
    Path next = file.resolveSibling(".recovery.json.new");
    try (FileChannel channel =
        FileChannel.open(
            next,
            Set.of(
                StandardOpenOption.CREATE,
                StandardOpenOption.TRUNCATE_EXISTING,
                StandardOpenOption.WRITE),
            PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")))) {
      ByteBuffer buffer = ByteBuffer.wrap(bytes);
      while (buffer.hasRemaining()) {
        channel.write(buffer);
      }
      if (durable) {
        channel.force(true);
      }
    }
    Files.move(next, file, StandardCopyOption.ATOMIC_MOVE);
    if (durable) {
      LinuxFile.syncDirectory(folder);
    }
  }
}
