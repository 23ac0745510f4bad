package io.tardigrade.cli;

import io.tardigrade.launch.RefusedException;

/** How every command ends; one table for all, shown by {@code --help}. */
public enum ExitCode {
  DONE(0, "done, or nothing had to change"),
  FAILED(1, "failed"),
  USAGE(2, "the command line is not understood, or a value is out of range"),
  NOT_FOUND(4, "no such guest, volume, incident, program or file"),
  CONFLICT(5, "something stands in the way: a name or port in use, no space, no root"),
  TIMED_OUT(6, "not done in time, and still going on"),
  AGENT_UNREACHABLE(7, "the host's agent could be neither reached nor started");

  private final int code;
  private final String meaning;

  ExitCode(int code, String meaning) {
    this.code = code;
    this.meaning = meaning;
  }

  /** What the shell sees. */
  public int code() {
    return code;
  }

  /** For people. */
  public String meaning() {
    return meaning;
  }

  static ExitCode of(RefusedException.Kind kind) {
    return switch (kind) {
      case NOT_FOUND -> NOT_FOUND;
      case CONFLICT -> CONFLICT;
      case TIMED_OUT -> TIMED_OUT;
      case AGENT_UNREACHABLE -> AGENT_UNREACHABLE;
    };
  }
}
