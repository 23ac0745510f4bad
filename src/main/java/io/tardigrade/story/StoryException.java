package io.tardigrade.story;

/** A story cannot be understood; the message names file and line and what was expected. */
public final class StoryException extends Exception {
  private static final long serialVersionUID = 1L;

  StoryException(String message) {
    super(message);
  }
}
