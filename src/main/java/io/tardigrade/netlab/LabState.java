package io.tardigrade.netlab;

import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;
import java.util.stream.IntStream;

/**
 * What a lab of namespaces is, and what has been done to its hosts and links: the file {@code
 * namespaces.json} of the lab, rewritten as a whole before a change is carried out, so that a
 * command that was cut off is finished by the next. Immutable.
 *
 * @param hosts how many, h1 to h{@code hosts}
 * @param clusterNetwork on which hosts talk, a /24; host n has address n, this machine 254
 * @param guestNetwork the guests' layer-2 network over all hosts, a /16
 * @param off hosts without power
 * @param paused hosts whose processes are stopped
 * @param isolated hosts whose cables are pulled out, both of them
 * @param cuts ways between hosts on which nothing passes
 * @param links ways between hosts that are not as good as can be
 */
record LabState(
    int hosts,
    String clusterNetwork,
    String guestNetwork,
    Instant createdAt,
    List<String> off,
    List<String> paused,
    List<String> isolated,
    List<Way> cuts,
    List<Quality> links) {
  static final int HOSTS_MAX = 9;

  /** From one host to another; the way back is another. */
  record Way(String from, String to) {
    Way back() {
      return new Way(to, from);
    }
  }

  /**
   * How a way is.
   *
   * @param delayNanos added to each frame
   * @param lossMillionths so many of a million frames are lost, by chance
   * @param bitsPerSecond at most so much, 0 for no limit
   */
  record Quality(Way way, long delayNanos, int lossMillionths, long bitsPerSecond) {}

  LabState {
    off = List.copyOf(off);
    paused = List.copyOf(paused);
    isolated = List.copyOf(isolated);
    cuts = List.copyOf(cuts);
    links = List.copyOf(links);
    if (hosts < 1 || hosts > HOSTS_MAX) {
      throw new IllegalArgumentException(hosts + " hosts, expected 1 to " + HOSTS_MAX);
    }
  }

  static LabState fresh(int hosts, String clusterNetwork, String guestNetwork, Instant now) {
    List<String> none = List.of();
    return new LabState(
        hosts, clusterNetwork, guestNetwork, now, none, none, none, List.of(), List.of());
  }

  List<String> names() {
    return IntStream.rangeClosed(1, hosts).mapToObj(n -> "h" + n).toList();
  }

  /** The number of a host of this lab. */
  static int number(String name) {
    return Integer.parseInt(name.substring(1));
  }

  boolean isOff(String host) {
    return off.contains(host);
  }

  boolean isPaused(String host) {
    return paused.contains(host);
  }

  /** Whether frames reach a host and leave it. */
  boolean isConnected(String host) {
    return !isOff(host) && !isPaused(host) && !isolated.contains(host);
  }

  Optional<Quality> link(Way way) {
    return links.stream().filter(link -> link.way().equals(way)).findFirst();
  }

  LabState withOff(String host, boolean is) {
    return new LabState(
        hosts,
        clusterNetwork,
        guestNetwork,
        createdAt,
        set(off, host, is),
        set(paused, host, false),
        isolated,
        cuts,
        links);
  }

  LabState withPaused(String host, boolean is) {
    return new LabState(
        hosts,
        clusterNetwork,
        guestNetwork,
        createdAt,
        off,
        set(paused, host, is),
        isolated,
        cuts,
        links);
  }

  LabState withIsolated(String host) {
    return new LabState(
        hosts,
        clusterNetwork,
        guestNetwork,
        createdAt,
        off,
        paused,
        set(isolated, host, true),
        cuts,
        links);
  }

  LabState withCut(Way way) {
    return new LabState(
        hosts,
        clusterNetwork,
        guestNetwork,
        createdAt,
        off,
        paused,
        isolated,
        set(cuts, way, true),
        links);
  }

  LabState withLink(Quality quality) {
    List<Quality> changed = without(links, link -> link.way().equals(quality.way()));
    if (quality.delayNanos() > 0 || quality.lossMillionths() > 0 || quality.bitsPerSecond() > 0) {
      changed.add(quality);
    }
    return new LabState(
        hosts, clusterNetwork, guestNetwork, createdAt, off, paused, isolated, cuts, changed);
  }

  /** All cables back in, all links as good as can be; hosts stay as they are. */
  LabState healed() {
    return new LabState(
        hosts,
        clusterNetwork,
        guestNetwork,
        createdAt,
        off,
        paused,
        List.of(),
        List.of(),
        List.of());
  }

  private static <T> List<T> set(List<T> all, T one, boolean is) {
    List<T> changed = without(all, one::equals);
    if (is) {
      changed.add(one);
    }
    return changed;
  }

  private static <T> List<T> without(List<T> all, Predicate<T> which) {
    List<T> changed = new ArrayList<>(all);
    changed.removeIf(which);
    return changed;
  }
}
