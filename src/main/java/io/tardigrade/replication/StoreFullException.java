package io.tardigrade.replication;

/** A store has no room for what it was given; it is as it was before. */
public final class StoreFullException extends Exception {
  private static final long serialVersionUID = 1;

  /** With one line that says what is full. */
  public StoreFullException(String message) {
    super(message);
  }
}
