package io.tardigrade.bench;

import java.util.List;
import java.util.Set;

/**
 * What {@code bench cluster} measures.
 *
 * @param quick few repetitions
 * @param parts what is measured
 */
public record ClusterOptions(boolean quick, Set<Part> parts) {
  private static final long MILLI = 1_000_000;

  /** Parts of the benchmark, each a group of rows. */
  public enum Part {
    /** What a client waits for, and how much is served, with and without backups. */
    LATENCY,
    /** Bytes sent to a backup for each byte that the guest dirtied. */
    WIRE,
    /** How long the guest is away when it changes its host, wanted or not. */
    BLACKOUT,
    /** What a backup takes of its host. */
    MEMORY,
    /** Whether a guest stays where it is while all processors are busy with other things. */
    LOAD
  }

  public ClusterOptions {
    parts = Set.copyOf(parts);
  }

  /** Delays of the links between hosts, one way. */
  List<Long> delaysNanos() {
    return quick ? List.of(0L, MILLI) : List.of(0L, MILLI, 5 * MILLI);
  }

  /** Numbers of backups. */
  List<Integer> backups() {
    return quick ? List.of(2) : List.of(1, 2);
  }

  /** Turns of each kind of guest. */
  int turns() {
    return quick ? 1 : 2;
  }

  int pings() {
    return quick ? 150 : 500;
  }

  double loadSeconds() {
    return quick ? 1 : 2;
  }

  /** How long what is sent is counted. */
  long wireSeconds() {
    return quick ? 5 : 20;
  }

  int switchovers() {
    return quick ? 2 : 7;
  }

  int takeovers() {
    return quick ? 1 : 5;
  }

  /** How long all processors are kept busy. */
  long busySeconds() {
    return quick ? 10 : 3600;
  }

  List<GuestSize> memory() {
    return quick ? List.of(GuestSize.SMALL) : List.of(GuestSize.SMALL, GuestSize.MEDIUM);
  }
}
