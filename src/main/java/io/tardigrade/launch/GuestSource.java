package io.tardigrade.launch;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** What a guest is made from. */
public sealed interface GuestSource {
  /** For people: what runs in it. */
  String description();

  /**
   * A program of this host with its libraries.
   *
   * @param command program and arguments
   * @param added further files
   * @param environment of the program
   * @param searchPath where a program without a slash is looked up; null for this process's {@code
   *     PATH}
   */
  record Program(
      List<String> command,
      List<AddedFile> added,
      Map<String, String> environment,
      @Nullable String searchPath)
      implements GuestSource {
    public Program {
      command = List.copyOf(command);
      added = List.copyOf(added);
      environment = Map.copyOf(environment);
    }

    @Override
    public String description() {
      return String.join(" ", command);
    }
  }

  /**
   * An OCI or {@code docker save} archive.
   *
   * @param command instead of the image's own, or empty
   * @param environment added to the image's own
   */
  record Archive(Path file, List<String> command, Map<String, String> environment)
      implements GuestSource {
    public Archive {
      command = List.copyOf(command);
      environment = Map.copyOf(environment);
    }

    @Override
    public String description() {
      return file.getFileName() + (command.isEmpty() ? "" : " " + String.join(" ", command));
    }
  }

  /** A bootable disk, raw or qcow2. */
  record Disk(Path file) implements GuestSource {
    @Override
    public String description() {
      return String.valueOf(file.getFileName());
    }
  }
}
