package io.tardigrade.linux;

import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;

/** The small programs of ours that are not Java; the launcher builds them beside the program. */
public final class NativeHelpers {
  private NativeHelpers() {}

  /** Preloaded into every hypervisor: hands over a userfaultfd. */
  public static Path preload() throws IOException {
    return find("libtardigrade-preload.so");
  }

  /** Runs in every lightweight guest: sets its clock. */
  public static Path guestClock() throws IOException {
    return find("tardigrade-guest-clock");
  }

  /** Runs in every lab host: carries out commands given from outside. */
  public static Path labHelper() throws IOException {
    return find("tardigrade-lab-helper");
  }

  private static Path find(String name) throws IOException {
    try {
      Path program =
          Path.of(NativeHelpers.class.getProtectionDomain().getCodeSource().getLocation().toURI());
      Path helper = program.toAbsolutePath().resolveSibling("native").resolve(name);
      if (!Files.isRegularFile(helper)) {
        throw new IOException(helper + " is missing; start ./tardigrade once, which builds it");
      }
      return helper;
    } catch (URISyntaxException e) {
      throw new IOException("cannot tell where the program lies", e);
    }
  }
}
