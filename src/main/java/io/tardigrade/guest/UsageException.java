package io.tardigrade.guest;

/**
 * What a user gave does not make sense; the message says what was given, what was expected and what
 * to do.
 */
public final class UsageException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  public UsageException(String message) {
    super(message);
  }
}
