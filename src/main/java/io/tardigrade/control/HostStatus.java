package io.tardigrade.control;

/**
 * A host of the cluster.
 *
 * @param role {@code full} or {@code witness}
 * @param zone what fails together; may be empty
 * @param address where its agent is reached, with {@code port}
 * @param version of its program; empty while it is away
 * @param guests that run on it
 * @param freeMemoryBytes memory that a replica may take
 * @param server whether it runs a server of the coordination service
 */
public record HostStatus(
    String name,
    String role,
    String zone,
    String address,
    int port,
    State state,
    String version,
    int guests,
    long freeMemoryBytes,
    boolean server) {
  /** How it is. */
  public enum State {
    /** It is there. */
    READY,
    /** It is there, and an operator is at work on it. */
    MAINTENANCE,
    /** It is not heard of. */
    AWAY
  }
}
