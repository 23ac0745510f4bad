package io.tardigrade.simulation;

/** Something happened that must never happen. */
final class ViolationException extends RuntimeException {
  private static final long serialVersionUID = 1;

  ViolationException(String message) {
    super(message);
  }
}
