package io.tardigrade.preserve;

import io.tardigrade.guest.Json;
import io.tardigrade.linux.LinuxFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Optional;

/**
 * That a guest lives, kept on disk ({@code guests/NAME/life.json}) from its start to its end:
 * whoever finds it with another boot's id knows that the host's operating system was lost beneath
 * the guest, and where its committed image is to be looked for.
 *
 * @param bootId of the kernel that the guest's guardian ran on last
 * @param place where its image lies
 */
public record Life(String bootId, Place place) {
  private static final String NAME = "life.json";

  /** Of the guest with this folder, if it lives. */
  public static Optional<Life> read(Path guestFolder) throws IOException {
    try {
      return Optional.of(Json.read(guestFolder.resolve(NAME), Life.class));
    } catch (NoSuchFileException e) {
      return Optional.empty();
    }
  }

  /**
   * Whether the guest with this folder lives, on a boot other than {@code bootId}; found without
   * reading more than that.
   */
  public static boolean isOfAnotherBoot(Path guestFolder, String bootId) throws IOException {
    try {
      return !Files.readString(guestFolder.resolve(NAME)).contains('"' + bootId + '"');
    } catch (NoSuchFileException e) {
      return false;
    }
  }

  /** Keeps it, durably; writes nothing where it is there already. */
  public void write(Path guestFolder) throws IOException {
    if (!read(guestFolder).equals(Optional.of(this))) {
      Json.write(guestFolder.resolve(NAME), this);
      LinuxFile.syncDirectory(guestFolder);
    }
  }

  /** The guest has ended. */
  public static void end(Path guestFolder) throws IOException {
    Files.deleteIfExists(guestFolder.resolve(NAME));
  }
}
