package io.tardigrade.guardian;

import io.tardigrade.guest.GuestSpec;
import io.tardigrade.guest.HostPaths;
import io.tardigrade.incident.EventLog;
import io.tardigrade.launch.HostAddressing;
import io.tardigrade.network.PortForward;
import java.io.IOException;
import java.util.List;

/**
 * Publishes a replicated guest's ports on this host while the guest runs here, and not otherwise.
 * The guest does not wait for it. Any thread.
 */
final class Publishing {
  private final String guest;
  private final List<PortForward> forwards;
  private final Host host;
  private final Teller teller;
  private volatile boolean wanted;

  /** The host's network. */
  interface Host {
    void publish(String guest, List<PortForward> forwards) throws IOException;
  }

  /** Takes what its user should know. */
  interface Teller {
    void tell(String line);
  }

  Publishing(String guest, List<PortForward> forwards, Host host, Teller teller) {
    this.guest = guest;
    this.forwards = List.copyOf(forwards);
    this.host = host;
    this.teller = teller;
  }

  static Publishing of(HostPaths paths, GuestSpec spec) {
    List<PortForward> forwards =
        spec.publish().stream()
            .map(each ->
                PortForward.parse(
                    "%s:%d:%d/%s"
                        .formatted(
                            each.hostAddress(),
                            each.hostPort(),
                            each.guestPort(),
                            each.protocol())))
            .toList();
    return new Publishing(
        spec.name(), forwards, new HostAddressing(paths)::publish, line -> tell(paths, spec, line));
  }

  private static void tell(HostPaths paths, GuestSpec spec, String line) {
    Log.warn(line);
    try {
      new EventLog(paths.events()).append(spec.name(), "not-published", line);
    } catch (IOException e) {
      Log.warn("that cannot be written down: " + e.getMessage());
    }
  }

  /** The guest runs here from now on, or does not; what was said last counts. */
  void runsHere(boolean here) {
    wanted = here;
    if (!forwards.isEmpty()) {
      Thread.ofVirtual().name("publishing").start(this::apply);
    }
  }

  private synchronized void apply() {
    boolean here = wanted;
    try {
      host.publish(guest, here ? forwards : List.of());
    } catch (IOException | RuntimeException e) {
      teller.tell(
          (here ? "its ports are not published on this host: " : "its ports stay published: ")
              + e.getMessage());
    }
  }
}
