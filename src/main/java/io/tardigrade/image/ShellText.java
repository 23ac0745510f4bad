package io.tardigrade.image;

/** Writes text so that a POSIX shell reads back exactly the same bytes. */
final class ShellText {
  private ShellText() {}

  /**
   * {@code text} as one word of a shell script. Between single quotes nothing is special but the
   * quote itself.
   *
   * @throws IllegalArgumentException when it holds a NUL, which no argument of a program can
   */
  static String quote(String text) {
    if (text.indexOf('\0') >= 0) {
      throw new IllegalArgumentException("an argument or variable holds a NUL; remove it");
    }
    return "'" + text.replace("'", "'\\''") + "'";
  }
}
