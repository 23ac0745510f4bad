package io.tardigrade.bench;

import io.tardigrade.linux.Command;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;

/** The guest program of worker.c, compiled when it is first needed. */
final class WorkerProgram {
  private WorkerProgram() {}

  /** Compiles it into {@code folder}; returns the program's path. */
  static Path in(Path folder) throws IOException {
    Path program = folder.resolve("bench-worker");
    if (Files.exists(program)) {
      return program;
    }
    Path source = folder.resolve("bench-worker.c");
    try (InputStream text = WorkerProgram.class.getResourceAsStream("worker.c")) {
      if (text == null) {
        throw new IOException("worker.c is missing in this build");
      }
      Files.copy(text, source);
    }
    String compiled =
        Command.run(
            List.of("gcc", "-O2", "-static", "-o", program.toString(), source.toString()),
            "",
            Duration.ofMinutes(1));
    if (!Files.isExecutable(program)) {
      throw new IOException("gcc made no " + program + ": " + compiled.strip());
    }
    return program;
  }
}
