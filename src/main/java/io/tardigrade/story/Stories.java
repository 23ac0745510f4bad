package io.tardigrade.story;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** The stories that come with the program, and those of users in folders of their own. */
public final class Stories {
  private static final String STEPS = "steps";
  private static final String EXPECTED = "expected.log";
  private static final int FILE_BYTES_MAX = 1 << 20;

  private Stories() {}

  /**
   * A story with what is expected of it.
   *
   * @param expected lines of the log; empty where nobody has written down any
   */
  public record Told(Story story, Optional<List<String>> expected) {}

  /** Names of the stories that come with the program, in order. */
  public static List<String> names() throws IOException {
    return resource("index")
        .orElseThrow(() -> new IOException("no stories are in this program"))
        .lines()
        .toList();
  }

  /** A story that comes with the program; empty where there is none of this name. */
  public static Optional<Told> named(String name) throws IOException, StoryException {
    if (!names().contains(name)) {
      return Optional.empty();
    }
    Optional<String> steps = resource(name + "/" + STEPS);
    if (steps.isEmpty()) {
      throw new IOException("the story " + name + " has lost its steps");
    }
    Story story = StoryParser.parse(name, name + "/" + STEPS, steps.get());
    return Optional.of(
        new Told(story, resource(name + "/" + EXPECTED).map(text -> text.lines().toList())));
  }

  /** The story in {@code folder}, with a file {@code steps} and perhaps {@code expected.log}. */
  public static Told in(Path folder) throws IOException, StoryException {
    Path steps = folder.resolve(STEPS);
    Path expected = folder.resolve(EXPECTED);
    Story story =
        StoryParser.parse(String.valueOf(folder.getFileName()), steps.toString(), read(steps));
    return new Told(
        story,
        Files.exists(expected) ? Optional.of(read(expected).lines().toList()) : Optional.empty());
  }

  /** Whether {@code folder} holds a story. */
  public static boolean isStory(Path folder) {
    return Files.isRegularFile(folder.resolve(STEPS));
  }

  private static String read(Path file) throws IOException {
    try (InputStream in = Files.newInputStream(file)) {
      byte[] bytes = in.readNBytes(FILE_BYTES_MAX + 1);
      if (bytes.length > FILE_BYTES_MAX) {
        throw new IOException(file + " is larger than " + FILE_BYTES_MAX + " bytes");
      }
      return new String(bytes, StandardCharsets.UTF_8);
    }
  }

  private static Optional<String> resource(String name) throws IOException {
    try (InputStream in = Stories.class.getResourceAsStream(name)) {
      return in == null
          ? Optional.empty()
          : Optional.of(new String(in.readAllBytes(), StandardCharsets.UTF_8));
    }
  }

  /** A log as it is printed and kept. */
  public static List<String> render(List<StoryLine> log) {
    List<String> lines = new ArrayList<>();
    log.forEach(line -> lines.addAll(line.render()));
    return lines;
  }

  /** The first difference between two logs, for people; empty where they are the same. */
  public static Optional<String> difference(List<String> expected, List<String> actual) {
    for (int i = 0; i < Math.max(expected.size(), actual.size()); i++) {
      String wanted = i < expected.size() ? expected.get(i) : "(the end)";
      String got = i < actual.size() ? actual.get(i) : "(the end)";
      if (!wanted.equals(got)) {
        return Optional.of(
            "line "
                + (i + 1)
                + " is '"
                + got.strip()
                + "' and was expected to be '"
                + wanted.strip()
                + "'");
      }
    }
    return Optional.empty();
  }
}
