package io.tardigrade.coordination;

import io.tardigrade.replication.HostRoom;

/**
 * What a host says of itself for as long as it is there.
 *
 * @param zone what fails together; may be empty
 * @param freeBytes memory that a replica may take
 * @param ready whether it is not under maintenance
 * @param address where its agent is reached, with {@code port}
 * @param version of its program
 * @param role {@code full} or {@code witness}
 * @param guests that run on it
 */
public record HostInfo(
    String name,
    String zone,
    long freeBytes,
    boolean ready,
    String address,
    int port,
    String version,
    String role,
    int guests) {
  static final String FULL = "full";

  /** What concerns who is to keep replicas: a host that only votes is never ready for one. */
  public HostRoom room() {
    return new HostRoom(name, zone, freeBytes, ready && role.equals(FULL));
  }

  /** A host of which no more is known than what concerns replicas. */
  static HostInfo of(HostRoom room) {
    return new HostInfo(
        room.host(), room.zone(), room.freeBytes(), room.ready(), "-", 0, "-", FULL, 0);
  }
}
