package io.tardigrade.control;

import io.tardigrade.doctor.Check;
import java.util.List;

/**
 * A host, and what it has of all that guests need.
 *
 * @param version of Tardigrade
 * @param java version of the JDK it runs on
 * @param kernel release of Linux
 * @param processors that are online
 * @param state folder of this installation
 * @param fit whether guests can run
 * @param checks as {@code doctor} prints them
 */
public record HostFacts(
    String hostname,
    String version,
    String java,
    String kernel,
    int processors,
    String state,
    boolean fit,
    List<Check> checks) {
  public HostFacts {
    checks = List.copyOf(checks);
  }
}
