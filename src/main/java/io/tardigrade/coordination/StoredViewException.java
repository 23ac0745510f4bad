package io.tardigrade.coordination;

/** What is stored where a view should be is none; a person has to look at it. */
final class StoredViewException extends Exception {
  private static final long serialVersionUID = 1;

  StoredViewException(String message) {
    super(message);
  }
}
