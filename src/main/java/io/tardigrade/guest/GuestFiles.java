package io.tardigrade.guest;

import com.fasterxml.jackson.annotation.JsonProperty;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A guest's small files, each replaced in one step. Written by the command line ({@code spec.json},
 * {@code desired}) and by the guardian (the rest); read by all.
 *
 * <pre>
 *   guests/NAME/spec.json        {@link GuestSpec}
 *   guests/NAME/desired          "running" or "stopped"
 *   guests/NAME/outcome.json     {@link Outcome}, while the guest has ended
 *   guests/NAME/recoveries.json  {@link GuestStatus.Recoveries}
 * </pre>
 *
 * @param folder {@code guests/NAME}
 */
public record GuestFiles(Path folder) {
  private static final String RUNNING = "running";
  private static final String STOPPED = "stopped";

  /**
   * How a guest ended.
   *
   * @param state {@link GuestStatus.State#STOPPED} or {@link GuestStatus.State#FAILED}
   * @param reason for people, one line
   * @param exitStatus of the program inside, where it is known
   */
  public record Outcome(
      GuestStatus.State state,
      String reason,
      @JsonProperty("exit_status") @Nullable Integer exitStatus,
      Instant at) {}

  /** Those of the guest called {@code name}, which may not exist. */
  public static GuestFiles of(HostPaths paths, String name) {
    return new GuestFiles(paths.guest(name));
  }

  /** Names of all guests, in order; folders still being made are left out. */
  public static List<String> names(HostPaths paths) throws IOException {
    List<String> names = new ArrayList<>();
    if (Files.isDirectory(paths.guests())) {
      try (var folders = Files.newDirectoryStream(paths.guests(), "[a-z]*")) {
        for (Path folder : folders) {
          if (Files.exists(folder.resolve("spec.json"))) {
            names.add(folder.getFileName().toString());
          }
        }
      }
    }
    names.sort(null);
    return names;
  }

  /** Whether there is such a guest. */
  public boolean exists() {
    return Files.exists(folder.resolve("spec.json"));
  }

  /**
   * The guest's specification.
   *
   * @throws IOException where it cannot be read, or is of another version
   */
  public GuestSpec spec() throws IOException {
    Path file = folder.resolve("spec.json");
    GuestSpec spec = Json.read(file, GuestSpec.class);
    if (spec.version() != GuestSpec.VERSION) {
      throw new IOException(
          file
              + " is of version "
              + spec.version()
              + ", this program reads version "
              + GuestSpec.VERSION
              + ": use the program that made the guest, or delete the guest");
    }
    return spec;
  }

  /** Writes the specification, once in a guest's life. */
  public void writeSpec(GuestSpec spec) throws IOException {
    Json.write(folder.resolve("spec.json"), spec);
  }

  /** Whether the guest is to run; a guest without the file is not. */
  public boolean desiredRunning() throws IOException {
    try {
      return Files.readString(folder.resolve("desired")).strip().equals(RUNNING);
    } catch (NoSuchFileException e) {
      return false;
    }
  }

  /** Says whether the guest is to run. */
  public void writeDesired(boolean running) throws IOException {
    Json.writeText(folder.resolve("desired"), (running ? RUNNING : STOPPED) + "\n");
  }

  /** How the guest ended, if it has. */
  public Optional<Outcome> outcome() throws IOException {
    return optional("outcome.json", Outcome.class);
  }

  /** Says how the guest ended. */
  public void writeOutcome(Outcome outcome) throws IOException {
    Json.write(folder.resolve("outcome.json"), outcome);
  }

  /** Forgets how the guest ended, before it is started again. */
  public void clearOutcome() throws IOException {
    Files.deleteIfExists(folder.resolve("outcome.json"));
  }

  /** Recoveries so far. */
  public GuestStatus.Recoveries recoveries() throws IOException {
    return optional("recoveries.json", GuestStatus.Recoveries.class)
        .orElse(new GuestStatus.Recoveries(0, null, null, null));
  }

  /** Keeps the number of recoveries. */
  public void writeRecoveries(GuestStatus.Recoveries recoveries) throws IOException {
    Json.write(folder.resolve("recoveries.json"), recoveries);
  }

  /** What the guest wrote to its console; the older part is beside it with {@code .1}. */
  public Path consoleLog() {
    return folder.resolve("console.log");
  }

  private <T> Optional<T> optional(String name, Class<T> type) throws IOException {
    try {
      return Optional.of(Json.read(folder.resolve(name), type));
    } catch (NoSuchFileException e) {
      return Optional.empty();
    }
  }
}
