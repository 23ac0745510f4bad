package io.tardigrade.replication;

/** Bytes that are no message; whoever sent them is not to be listened to any further. */
public final class WireException extends Exception {
  private static final long serialVersionUID = 1;

  /** With one line that says what was found and what was expected. */
  public WireException(String message) {
    super(message);
  }
}
