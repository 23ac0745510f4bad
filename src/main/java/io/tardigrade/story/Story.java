package io.tardigrade.story;

import java.util.List;

/**
 * A story, read and understood.
 *
 * @param title one sentence
 * @param steps in order of time; the last is the end
 */
public record Story(String name, String title, List<Timed> steps) {
  public Story {
    steps = List.copyOf(steps);
  }

  /**
   * A step and its time.
   *
   * @param atMillis since the story began
   */
  record Timed(long atMillis, Step step) {}
}
