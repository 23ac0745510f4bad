package io.tardigrade.process;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/** Which program this is. */
public final class Program {
  /** Taken once, at the start: the files may be replaced under a process that runs. */
  private static final String BUILD = describe(System.getProperty("java.class.path"));

  private Program() {}

  /** For people. */
  public static String version() {
    @Nullable String version = Program.class.getPackage().getImplementationVersion();
    return version == null ? "development" : version;
  }

  /** Tells one build from another: where its classes are, and since when. */
  public static String build() {
    return BUILD;
  }

  private static String describe(String classPath) {
    Path first = Path.of(classPath.split(File.pathSeparator, 2)[0]);
    long changedMillis;
    try {
      changedMillis = Files.getLastModifiedTime(first).toMillis();
    } catch (IOException e) {
      changedMillis = 0;
    }
    return Integer.toHexString(classPath.hashCode()) + "-" + Long.toHexString(changedMillis);
  }
}
