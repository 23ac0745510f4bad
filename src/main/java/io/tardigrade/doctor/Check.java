package io.tardigrade.doctor;

import com.fasterxml.jackson.annotation.JsonValue;

/**
 * One thing looked at.
 *
 * @param check what, in a few words
 * @param detail what was found, and what to do where it is not as it should be
 */
public record Check(String check, Status status, String detail) {
  /** What it means for guests. */
  public enum Status {
    /** As it should be. */
    OK("ok"),
    /** Guests run, though not as well as they could. */
    NOTE("note"),
    /** Guests cannot run. */
    FAILED("FAILED");

    private final String text;

    Status(String text) {
      this.text = text;
    }

    /** As it is printed. */
    @JsonValue
    public String text() {
      return text;
    }
  }

  static Check ok(String check, String detail) {
    return new Check(check, Status.OK, detail);
  }

  static Check note(String check, String detail) {
    return new Check(check, Status.NOTE, detail);
  }

  static Check failed(String check, String detail) {
    return new Check(check, Status.FAILED, detail);
  }
}
