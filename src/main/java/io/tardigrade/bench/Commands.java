package io.tardigrade.bench;

import io.tardigrade.guest.HostPaths;

/** The command line that a user has; the benchmark acts on guests through nothing else. */
@FunctionalInterface
public interface Commands {
  /**
   * How a command ended.
   *
   * @param code its exit code
   * @param said what it wrote for people
   */
  record Ended(int code, String said) {}

  /** Runs a command on the installation with these paths. */
  Ended run(HostPaths paths, String... words);
}
