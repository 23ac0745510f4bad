package io.tardigrade.image;

import java.io.IOException;

/**
 * An image could not be made. The message is one line that names what was given, what was expected
 * and what to do; it is meant to be shown to the user as it is.
 */
public final class ImageException extends IOException {
  private static final long serialVersionUID = 1L;
  private static final int MESSAGE_CHARS_MAX = 600;

  public ImageException(String message) {
    super(oneLine(message));
  }

  public ImageException(String message, Throwable cause) {
    super(oneLine(message), cause);
  }

  /** Squeezes text that may come from a hostile file or a tool into one printable line. */
  static String oneLine(String text) {
    StringBuilder line = new StringBuilder();
    boolean gap = false;
    for (int i = 0; i < text.length() && line.length() < MESSAGE_CHARS_MAX; i++) {
      char c = text.charAt(i);
      if (c <= ' ' || Character.isISOControl(c)) {
        gap = !line.isEmpty();
        continue;
      }
      if (gap) {
        line.append(' ');
        gap = false;
      }
      line.append(c);
    }
    return line.toString();
  }
}
