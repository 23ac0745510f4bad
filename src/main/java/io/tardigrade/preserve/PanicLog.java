package io.tardigrade.preserve;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The last words of a kernel that panicked, as the crash kernel has kept them beside the incidents:
 * {@code panic-BOOTID.log}, dmesg's lines.
 *
 * @param file where they are
 * @param reason what the kernel panicked for, in its own words
 */
public record PanicLog(Path file, String reason) {
  /** So many are kept. */
  static final int KEPT_MAX = 8;

  private static final int BYTES_MAX = 1 << 20;
  private static final int REASON_CHARS_MAX = 200;

  private static final Pattern REASON =
      Pattern.compile("Kernel panic - not syncing: (\\V{1," + REASON_CHARS_MAX + "})");

  /** Where the log of the boot with this id is kept. */
  public static Path file(Path folder, String bootId) {
    return folder.resolve("panic-" + bootId + ".log");
  }

  /** Of the boot with this id, if it ended by a panic and its log was kept. */
  public static Optional<PanicLog> of(Path folder, String bootId) throws IOException {
    Path file = file(folder, bootId);
    if (bootId.isEmpty() || !Files.exists(file) || Files.size(file) > BYTES_MAX) {
      return Optional.empty();
    }
    return Optional.of(
        new PanicLog(file, reason(Files.readString(file, StandardCharsets.ISO_8859_1))));
  }

  static String reason(String log) {
    Matcher matcher = REASON.matcher(log);
    String reason = "";
    while (matcher.find()) {
      reason = matcher.group(1).strip();
    }
    return reason;
  }

  /** Removes all but the newest, less one that is to come. */
  public static void prune(Path folder) throws IOException {
    List<Path> logs = new ArrayList<>();
    try (DirectoryStream<Path> found = Files.newDirectoryStream(folder, "panic-*.log*")) {
      found.forEach(logs::add);
    }
    logs.sort(Comparator.comparingLong(PanicLog::changedMillis).reversed());
    for (Path old : logs.stream().skip(KEPT_MAX - 1).toList()) {
      Files.deleteIfExists(old);
    }
  }

  private static long changedMillis(Path file) {
    return file.toFile().lastModified();
  }
}
