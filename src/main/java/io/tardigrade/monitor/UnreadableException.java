package io.tardigrade.monitor;

/** What was read does not have the format that was expected; the message says what and where. */
public final class UnreadableException extends Exception {
  private static final long serialVersionUID = 1L;
  private static final int SHOWN_CHARS_MAX = 40;

  UnreadableException(String what, String expected, String given) {
    super(what + " has '" + shown(given) + "' where " + expected + " was expected");
  }

  private static String shown(String given) {
    String printable = given.replaceAll("\\p{Cntrl}", " ");
    return printable.length() <= SHOWN_CHARS_MAX
        ? printable
        : printable.substring(0, SHOWN_CHARS_MAX) + "…";
  }
}
