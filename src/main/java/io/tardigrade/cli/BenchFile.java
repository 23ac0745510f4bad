package io.tardigrade.cli;

import io.tardigrade.bench.Commands;
import io.tardigrade.guest.HostPaths;
import io.tardigrade.guest.UsageException;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** What the benchmarks share: where their values go, and how they run commands. */
final class BenchFile {
  private static final DateTimeFormatter STAMP =
      DateTimeFormatter.ofPattern("yyyyMMdd-HHmmss").withZone(ZoneOffset.UTC);

  private BenchFile() {}

  /**
   * Where a benchmark's values go; known to be writable before any time is spent.
   *
   * @param given by the user, null for one named by the time
   */
  static Path of(@Nullable Path given, String prefix, Session session) {
    Path file =
        given != null
            ? given
            : Path.of(prefix + "-" + STAMP.format(session.clock().instant()) + ".json");
    Path folder = file.toAbsolutePath().normalize().getParent();
    if (folder == null || !Files.isDirectory(folder) || !Files.isWritable(folder)) {
      throw new UsageException(
          "'" + file + "' cannot be written: its folder is missing or not writable");
    }
    return file.toAbsolutePath().normalize();
  }

  /** The benchmark's commands go the way of any user's, with nothing of this user's settings. */
  static Commands.Ended command(Session session, HostPaths paths, String... words) {
    ByteArrayOutputStream said = new ByteArrayOutputStream();
    PrintStream sink = new PrintStream(said, true, StandardCharsets.UTF_8);
    Session inner =
        new Session(
            Map.of("TARDIGRADE_STATE", paths.state().toString()),
            session.in(),
            sink,
            sink,
            false,
            false,
            session.clock(),
            session.host());
    int code = Cli.run(inner, words);
    return new Commands.Ended(code, said.toString(StandardCharsets.UTF_8));
  }
}
