package io.tardigrade.cli;

/** Colours on a terminal. */
enum Colour {
  NONE(""),
  GOOD("\u001b[32m"),
  ODD("\u001b[33m"),
  BAD("\u001b[31m");

  private static final String OFF = "\u001b[0m";

  private final String on;

  Colour(String on) {
    this.on = on;
  }

  String paint(String text) {
    return this == NONE ? text : on + text + OFF;
  }

  /** The colour of a guest's state. */
  static Colour ofState(String state) {
    return switch (state) {
      case "RUNNING" -> GOOD;
      case "UNPROTECTED", "RECOVERING" -> ODD;
      case "FAILED" -> BAD;
      default -> NONE;
    };
  }

  /** The colour of a check's status. */
  static Colour ofCheck(String status) {
    return switch (status) {
      case "ok" -> GOOD;
      case "note" -> ODD;
      case "FAILED" -> BAD;
      default -> NONE;
    };
  }
}
