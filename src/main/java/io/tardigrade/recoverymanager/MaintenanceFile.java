package io.tardigrade.recoverymanager;

import io.tardigrade.guest.HostPaths;
import io.tardigrade.guest.Json;
import io.tardigrade.guest.UsageException;
import io.tardigrade.recovery.History;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import org.jspecify.annotations.Nullable;

/**
 * What an operator tells the recovery manager, in files of the state folder: any process writes
 * them, with or without an agent, and the agent heeds them at its next look.
 *
 * <pre>
 *   maintenance.json    {"since":"…","reason":"…"} while maintenance is on
 *   acknowledged        there from an operator's acknowledgement until the agent has taken note
 * </pre>
 */
public final class MaintenanceFile {
  /** Longest reason. */
  public static final int REASON_CHARS_MAX = 200;

  private final HostPaths paths;
  private final Path file;
  private final Path acknowledged;

  private record Content(Instant since, String reason) {}

  /** Those of an installation. */
  public MaintenanceFile(HostPaths paths) {
    this.paths = paths;
    this.file = paths.state().resolve("maintenance.json");
    this.acknowledged = paths.state().resolve("acknowledged");
  }

  /** Turns maintenance on or off; nothing happens where it is so already. */
  public void set(boolean on, String reason, Instant now) throws IOException {
    if (reason.length() > REASON_CHARS_MAX || reason.chars().anyMatch(Character::isISOControl)) {
      throw new UsageException(
          "the reason is not one line of at most " + REASON_CHARS_MAX + " characters");
    }
    if (!on) {
      Files.deleteIfExists(file);
    } else if (!isOn()) {
      Files.createDirectories(paths.state());
      Json.write(file, new Content(now.truncatedTo(ChronoUnit.MILLIS), reason));
    }
  }

  /** Whether it is on; cheap. */
  public boolean isOn() {
    return Files.exists(file);
  }

  /** An operator has understood the resets that failed. */
  public void acknowledge() throws IOException {
    Files.createDirectories(paths.state());
    Files.writeString(acknowledged, "");
  }

  /** Whether an operator has acknowledged since this was last asked. */
  boolean isAcknowledged() {
    return Files.exists(acknowledged);
  }

  /** The acknowledgement is taken note of. */
  void clearAcknowledged() throws IOException {
    Files.deleteIfExists(acknowledged);
  }

  /** What is in force. */
  public Maintenance read() throws IOException {
    @Nullable Content content = content();
    History history = new HistoryFile(paths.state()).peek();
    long failed =
        isAcknowledged()
            ? 0
            : history.resets().stream().filter(r -> r.outcome() == History.Outcome.FAILED).count();
    return new Maintenance(
        content != null,
        content == null ? null : content.since(),
        content == null ? "" : content.reason(),
        failed,
        history.resets().isEmpty()
            ? null
            : Instant.ofEpochMilli(history.resets().getLast().at().unixMillis()));
  }

  /** A file that cannot be read says that somebody wanted it on. */
  private @Nullable Content content() throws IOException {
    try {
      Content content = Json.read(file, Content.class);
      if (content.since() != null && content.reason() != null) {
        return content;
      }
    } catch (NoSuchFileException e) {
      return null;
    } catch (IOException e) {
      return unreadable(String.valueOf(e.getMessage()));
    }
    return unreadable(file + " lacks a field");
  }

  private Content unreadable(String why) throws IOException {
    return new Content(Files.getLastModifiedTime(file).toInstant(), "taken for on: " + why);
  }
}
