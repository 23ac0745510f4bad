package io.tardigrade.cli;

import io.tardigrade.control.AgentHost;
import io.tardigrade.control.HostApi;
import io.tardigrade.guest.HostPaths;
import java.io.InputStream;
import java.io.PrintStream;
import java.time.InstantSource;
import java.util.Map;
import java.util.function.BiFunction;
import java.util.function.Consumer;

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
 * @param host the host of an installation; it tells its second argument what takes time
 */
public record Session(
    Map<String, String> environment,
    InputStream in,
    PrintStream out,
    PrintStream err,
    boolean interactive,
    boolean colour,
    InstantSource clock,
    BiFunction<HostPaths, Consumer<String>, HostApi> host) {
  public Session {
    environment = Map.copyOf(environment);
  }

  /** One that acts on this host, with nobody to answer questions. */
  public static Session onHost(
      Map<String, String> environment, InputStream in, PrintStream out, PrintStream err) {
    return new Session(
        environment, in, out, err, false, false, InstantSource.system(), AgentHost::new);
  }

  void progress(String text) {
    err.println("tardigrade: " + text);
    err.flush();
  }
}
