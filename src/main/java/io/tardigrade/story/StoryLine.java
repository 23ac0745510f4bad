package io.tardigrade.story;

import java.util.List;
import java.util.Locale;

/**
 * A line of a story's log.
 *
 * @param atMillis since the story began
 * @param kind {@code story}, {@code seen}, {@code gone}, {@code decided}, {@code done} or {@code
 *     felt}
 * @param reasons of a decision
 */
public record StoryLine(long atMillis, String kind, String text, List<String> reasons) {
  public StoryLine {
    reasons = List.copyOf(reasons);
  }

  static StoryLine of(long atMillis, String kind, String text) {
    return new StoryLine(atMillis, kind, text, List.of());
  }

  /** As it is printed: the line, and one for each reason. */
  public List<String> render() {
    long seconds = atMillis / 1000;
    String time =
        String.format(
            Locale.ROOT, "%3d:%02d:%02d", seconds / 3600, seconds / 60 % 60, seconds % 60);
    List<String> lines = new java.util.ArrayList<>();
    lines.add(String.format(Locale.ROOT, "%s  %-7s  %s", time, kind, text));
    reasons.forEach(reason -> lines.add(" ".repeat(20) + "- " + reason));
    return lines;
  }
}
