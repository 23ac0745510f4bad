package io.tardigrade.launch;

import io.tardigrade.guest.UsageException;
import java.nio.file.Path;

/**
 * A file or folder of the host put into the image: {@code SOURCE[:DESTINATION]}.
 *
 * @param source absolute
 * @param destination absolute path in the guest
 */
public record AddedFile(Path source, String destination) {
  /** Reads the form above; without a destination the file lies where it does on the host. */
  public static AddedFile parse(String text) {
    int colon = text.lastIndexOf(':');
    String source = colon < 0 ? text : text.substring(0, colon);
    if (source.isEmpty()) {
      throw new UsageException(
          "--add '" + text + "' names no file; write it SOURCE[:/DESTINATION]");
    }
    Path file = Path.of(source).toAbsolutePath().normalize();
    String destination = colon < 0 ? file.toString() : text.substring(colon + 1);
    if (!destination.startsWith("/") || Path.of(destination).normalize().getNameCount() == 0) {
      throw new UsageException(
          "--add '" + text + "': the destination '" + destination + "' is not an absolute path");
    }
    return new AddedFile(file, Path.of(destination).normalize().toString());
  }
}
