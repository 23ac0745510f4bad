package io.tardigrade.checkpoint;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** The file system of an image has no room for what was asked; nothing of the image changed. */
public final class NoSpaceException extends IOException {
  private static final long serialVersionUID = 1L;

  private NoSpaceException(String message) {
    super(message);
  }

  static NoSpaceException of(Path file, long bytes) throws IOException {
    return new NoSpaceException(
        file
            + " needs "
            + bytes
            + " bytes more, "
            + Files.getFileStore(file.resolveSibling(".")).getUsableSpace()
            + " are free there; free some or give that file system a larger size");
  }
}
