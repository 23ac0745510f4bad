package io.tardigrade.cli;

import io.tardigrade.guest.UsageException;
import io.tardigrade.launch.RefusedException;
import io.tardigrade.replication.Rules;
import io.tardigrade.simulation.Simulation;
import io.tardigrade.story.Stories;
import io.tardigrade.story.StoryException;
import io.tardigrade.story.StoryLine;
import io.tardigrade.story.StoryRunner;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code simulate}. */
@Command(
    name = "simulate",
    description = {
      "Play a failure story on a simulated host, on simulated time, through the monitors and the",
      "recovery ladder that run on a real one, and print what is seen, decided, done and felt.",
      "Fails where the log is not the one that is expected of the story.",
      "With --seed, play a cluster instead: the code by which hosts agree on who runs a guest, on",
      "simulated hosts, links and clients that fail as the seed has it. Fails where something",
      "happens that must never happen."
    })
final class SimulateCommand extends Subcommand {
  @Parameters(
      arity = "0..1",
      paramLabel = "STORY",
      description = "A story of --list, or a folder with a file 'steps' and maybe 'expected.log'.")
  private @Nullable String name;

  @Option(names = "--list", description = "List the stories that come with the program.")
  private boolean list;

  @Option(
      names = "--seed",
      paramLabel = "N",
      description = "Play the cluster of this seed; the same each time.")
  private @Nullable Long seed;

  @Mixin private OutputOption output = new OutputOption();

  SimulateCommand(Cli cli) {
    super(cli);
  }

  /** A story in the list. */
  private record Entry(String name, String title) {}

  /** A line of the log, in base units. */
  private record Line(double atSeconds, String kind, String text, List<String> reasons) {}

  @Override
  public Integer call() throws IOException {
    if (seed != null) {
      if (list || name != null) {
        throw new UsageException("--seed takes no story and no --list");
      }
      return playCluster(seed);
    }
    if (list == (name != null)) {
      throw new UsageException(
          list
              ? "--list takes no story"
              : "no story was given; 'tardigrade simulate --list' shows them all");
    }
    try {
      return name == null ? list() : play(told(name));
    } catch (StoryException e) {
      UsageException usage = new UsageException(String.valueOf(e.getMessage()));
      usage.initCause(e);
      throw usage;
    }
  }

  private int list() throws IOException, StoryException {
    List<Entry> entries = new ArrayList<>();
    for (String story : Stories.names()) {
      entries.add(new Entry(story, told(story).story().title()));
    }
    output.list(
        session(),
        entries,
        Entry::name,
        new Table<Entry>().column("STORY", Entry::name).column("TITLE", Entry::title));
    return ExitCode.DONE.code();
  }

  private static Stories.Told told(String story) throws IOException, StoryException {
    Path folder = Path.of(story);
    if (Stories.isStory(folder)) {
      return Stories.in(folder);
    }
    Optional<Stories.Told> told = Stories.named(story);
    if (told.isEmpty()) {
      List<String> near = Nearest.of(story, Stories.names());
      throw RefusedException.notFound(
          "no story '"
              + story
              + "', and no folder with a file 'steps'"
              + (near.isEmpty() ? "" : "; did you mean " + String.join(" or ", near) + "?")
              + "; 'tardigrade simulate --list' shows them all");
    }
    return told.get();
  }

  private int playCluster(long of) {
    Simulation.Result result = Simulation.run(of, new Rules(), true);
    output.value(
        session(),
        result,
        "seed-" + of,
        () -> result.log().forEach(line -> session().out().println(line)));
    if (!result.violation().isEmpty()) {
      session().progress("seed " + of + ": " + result.violation());
      return ExitCode.FAILED.code();
    }
    return ExitCode.DONE.code();
  }

  private int play(Stories.Told told) {
    List<StoryLine> log = StoryRunner.run(told.story());
    List<String> lines = Stories.render(log);
    List<Line> values =
        log.stream()
            .map(l -> new Line(l.atMillis() / 1000.0, l.kind(), l.text(), l.reasons()))
            .toList();
    output.value(
        session(),
        values,
        told.story().name(),
        () -> lines.forEach(line -> session().out().println(Text.printable(line))));
    Optional<String> difference =
        told.expected().flatMap(expected -> Stories.difference(expected, lines));
    if (difference.isPresent()) {
      session().progress("the log is not as expected: " + difference.get());
      return ExitCode.FAILED.code();
    }
    return ExitCode.DONE.code();
  }
}
