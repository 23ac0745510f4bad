package io.tardigrade.system;

import java.io.IOException;
import java.nio.file.Path;

/** What {@code ./tardigrade} builds beside the classes; made here where it has not. */
public final class NativeBuild {
  private NativeBuild() {}

  /** Builds the helpers that are missing or older than their source. */
  public static void helpers() throws IOException {
    build("preload.c", "libtardigrade-preload.so", "-shared", "-fPIC");
    build(
        "guest-clock.c",
        "tardigrade-guest-clock",
        "-static",
        "-nostdlib",
        "-ffreestanding",
        "-fno-stack-protector",
        "-mno-sse",
        "-s");
    build("lab-helper.c", "tardigrade-lab-helper", "-static", "-s");
  }

  private static void build(String source, String helper, String... options) throws IOException {
    Probe.compile(
        Path.of("src", "main", "native", source), Path.of("target", "native", helper), options);
  }
}
