package io.tardigrade.cli;

import io.tardigrade.guest.HostPaths;
import io.tardigrade.launch.Addressing;
import io.tardigrade.launch.HostAddressing;
import io.tardigrade.launch.HostImageMaker;
import io.tardigrade.launch.ImageMaker;
import java.io.InputStream;
import java.io.PrintStream;
import java.time.InstantSource;
import java.util.Map;
import java.util.function.Function;

/**
 * One use of the command line: where it reads and writes, and what it acts on. A test hands in its
 * own.
 *
 * @param environment variables
 * @param in standard input
 * @param out standard output: data only
 * @param err standard error: everything else
 * @param interactive whether a person sits at both ends
 * @param colour whether {@code out} shows colours
 * @param clock for ages
 * @param control reaches guardians and agent
 * @param addressing the host's network
 * @param images makes what guests boot from
 */
public record Session(
    Map<String, String> environment,
    InputStream in,
    PrintStream out,
    PrintStream err,
    boolean interactive,
    boolean colour,
    InstantSource clock,
    Function<HostPaths, GuestControl> control,
    Function<HostPaths, Addressing> addressing,
    Function<HostPaths, ImageMaker> images) {
  public Session {
    environment = Map.copyOf(environment);
  }

  /** One that acts on this host, with nobody to answer questions. */
  public static Session onHost(
      Map<String, String> environment, InputStream in, PrintStream out, PrintStream err) {
    return new Session(
        environment,
        in,
        out,
        err,
        false,
        false,
        InstantSource.system(),
        HostControl::new,
        HostAddressing::new,
        HostImageMaker::new);
  }

  void progress(String text) {
    err.println("tardigrade: " + text);
    err.flush();
  }
}
