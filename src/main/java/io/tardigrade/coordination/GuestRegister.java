package io.tardigrade.coordination;

import io.tardigrade.replication.View;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.curator.framework.CuratorFramework;
import org.apache.zookeeper.KeeperException.BadVersionException;
import org.apache.zookeeper.KeeperException.NoNodeException;
import org.apache.zookeeper.KeeperException.NodeExistsException;

/**
 * What a cluster knows of its guests beside their views:
 *
 * <pre>
 *   /tardigrade/guests/ID/guest        its definition, text
 *   /tardigrade/guests/ID/hosts/HOST   HOST is to keep a replica: an assignment
 *   /tardigrade/guests/ID/ports/HOST   ADDRESS:PORT where HOST's guardian of it listens; ephemeral
 *   /tardigrade/names/NAME             ID; a name is of one guest
 *   /tardigrade/ended/ID               ID has ended, or is replicated no longer
 * </pre>
 *
 * <p>Each call asks the service and waits for its answer, {@link
 * Coordination#CONNECTION_MILLIS_MAX} at most where it is out; so no thread that must not stand
 * still makes it. Any thread.
 */
public final class GuestRegister {
  /** The largest definition. */
  public static final int DEFINITION_BYTES_MAX = 256 << 10;

  private static final Pattern PLACE =
      Pattern.compile("([0-9]{1,3}(?:\\.[0-9]{1,3}){3}):(\\d{1,5})");

  private final CuratorFramework client;
  private final GuestNodes nodes = new GuestNodes();
  private final RegisterChanges changes;

  GuestRegister(CuratorFramework client) {
    this.client = client;
    this.changes = new RegisterChanges(client, nodes);
  }

  /** What the client's interface declares to throw anything. */
  @FunctionalInterface
  private interface Request<T> {
    T send() throws Exception;
  }

  private static <T> T ask(String what, Request<T> request, T absent) throws IOException {
    try {
      return request.send();
    } catch (NoNodeException e) {
      return absent;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException(what + ": interrupted", e);
    } catch (Exception e) {
      throw new IOException(
          what
              + ": the coordination service says "
              + e.getClass().getSimpleName()
              + " "
              + e.getMessage(),
          e);
    }
  }

  private Optional<String> read(String what, String path) throws IOException {
    return ask(
        what, () -> Optional.of(GuestNodes.text(client.getData().forPath(path))), Optional.empty());
  }

  private List<String> children(String what, String path) throws IOException {
    return ask(
        what, () -> client.getChildren().forPath(path).stream().sorted().toList(), List.of());
  }

  /**
   * Enters a guest with its name and definition, kept by one host, which is to store its first
   * view: all of it at once, or nothing.
   *
   * @return the id of the guest that has the name now: the given one, or another's
   */
  public String enter(String guestName, String id, String definition, String host)
      throws IOException {
    byte[] bytes = GuestNodes.bytes(definition);
    if (bytes.length > DEFINITION_BYTES_MAX) {
      throw new IOException(
          "definition of guest "
              + id
              + " is of "
              + bytes.length
              + " bytes, at most "
              + DEFINITION_BYTES_MAX);
    }
    return ask("entering guest " + id, () -> changes.enter(guestName, id, bytes, host), id);
  }

  /** The id of the guest of this name. */
  public Optional<String> id(String guestName) throws IOException {
    return read("looking for guest " + guestName, nodes.name(guestName));
  }

  /** What a guest was defined as; empty where it is not known. */
  public Optional<String> definition(String id) throws IOException {
    return read("reading guest " + id, nodes.of(id) + "/guest");
  }

  /** The ids of all guests that the cluster knows, in order. */
  public List<String> guests() throws IOException {
    return children("listing guests", nodes.guests());
  }

  /** The view of a guest as it is stored; of number 0 where there is none. */
  public View view(String id) throws IOException {
    Optional<String> stored = read("reading the view of " + id, nodes.of(id) + "/view");
    if (stored.isEmpty()) {
      return View.NONE;
    }
    try {
      return ViewText.decode(GuestNodes.bytes(stored.get()));
    } catch (StoredViewException e) {
      throw new IOException(
          "what is stored as the view of " + id + " is none: " + e.getMessage(), e);
    }
  }

  /**
   * Puts a view in the place of the one before it, by compare-and-set.
   *
   * @return false where another view is stored by now, or none
   */
  public boolean replaceView(String id, View before, View next) throws IOException {
    if (next.number() != before.number() + 1) {
      throw new IllegalArgumentException(next + " does not follow " + before);
    }
    int version = Math.toIntExact(before.number() - 1);
    byte[] text = ViewText.encode(next);
    return ask(
        "changing the view of " + id,
        () -> {
          try {
            return client.setData().withVersion(version).forPath(nodes.of(id) + "/view", text)
                != null;
          } catch (BadVersionException e) {
            return false;
          }
        },
        false);
  }

  /**
   * Whether a guest is known to have ended, or to be replicated no longer. What is just not known
   * may be so because the service has lost what it knew.
   */
  public boolean hasEnded(String id) throws IOException {
    return ask(
        "asking whether " + id + " has ended",
        () -> client.checkExists().forPath(nodes.ended(id)) != null,
        false);
  }

  /** A host is to keep a replica; nothing where it is to already, or the guest is forgotten. */
  public void assign(String id, String host) throws IOException {
    String path = nodes.node(id, "hosts", host);
    ask(
        "assigning " + id + " to " + host,
        () -> {
          try {
            return client.create().forPath(path, new byte[0]);
          } catch (NodeExistsException e) {
            return path;
          }
        },
        "");
  }

  /** A host need not keep a replica any longer. */
  public void unassign(String id, String host) throws IOException {
    String path = nodes.node(id, "hosts", host);
    ask(
        "taking " + id + " from " + host,
        () -> {
          client.delete().forPath(path);
          return "";
        },
        "");
  }

  /** The hosts that are to keep a replica, in order. */
  public List<String> assigned(String id) throws IOException {
    return children("reading who keeps " + id, nodes.of(id) + "/hosts");
  }

  /**
   * Says where this host's guardian of a guest listens, for as long as this connection lives. To be
   * said again now and then: the session may have been lost. Nothing where the guest is forgotten.
   */
  public void announcePort(String id, String host, InetSocketAddress at) throws IOException {
    String path = nodes.node(id, "ports", host);
    byte[] place = GuestNodes.bytes(at.getAddress().getHostAddress() + ":" + at.getPort());
    ask(
        "saying where " + id + " is listened for",
        () -> {
          long session = client.getZookeeperClient().getZooKeeper().getSessionId();
          changes.announce(path, place, session);
          return "";
        },
        "");
  }

  /** Where a host's guardian of a guest listens; empty where there is none. */
  public Optional<InetSocketAddress> port(String id, String host) throws IOException {
    Optional<String> place =
        read("looking where " + host + " listens for " + id, nodes.node(id, "ports", host));
    return place.map(PLACE::matcher).filter(Matcher::matches).flatMap(GuestRegister::address);
  }

  private static Optional<InetSocketAddress> address(Matcher place) {
    int port = Integer.parseInt(place.group(2));
    return port < 1 || port > 0xffff
        ? Optional.empty()
        : Optional.of(new InetSocketAddress(place.group(1), port));
  }

  /** Hosts whose guardian of a guest listens, in order. */
  public List<String> listening(String id) throws IOException {
    return children("looking who listens for " + id, nodes.of(id) + "/ports");
  }

  /**
   * Forgets a guest at once: its view, definition, assignments and ports, and its name if it is
   * that guest's. That it has ended is known from then on.
   */
  public void forget(String guestName, String id) throws IOException {
    ask("forgetting guest " + id, () -> changes.forget(guestName, id, null), true);
  }

  /**
   * As {@link #forget(String, String)}, if the view stored is this one: a host that does not lead
   * the guest any longer must not.
   *
   * @return false where another view is stored, and the guest is known as before
   */
  public boolean forget(String guestName, String id, View led) throws IOException {
    int version = Math.toIntExact(led.number() - 1);
    return ask("forgetting guest " + id, () -> changes.forget(guestName, id, version), true);
  }

  /**
   * Forgets a guest that a process of host {@code self} has left behind as it was killed: while it
   * entered the guest, or between dropping what the host kept as a member and forgetting it. Called
   * by who has seen that {@code self} keeps nothing of it, and holds the lock of that host that
   * whoever goes on with it would hold.
   *
   * @return false where it may be more than that, and is known as before
   */
  public boolean forgetLeftover(String guestName, String id, String self) throws IOException {
    View view = view(id);
    return isLeftover(view, assigned(id), self) && forget(guestName, id, view);
  }

  /** Whether {@code self} is the only host that could ever run the guest. */
  static boolean isLeftover(View view, List<String> assigned, String self) {
    return view.number() == 0
        ? assigned.equals(List.of(self))
        : view.primary().equals(self) && view.backups().isEmpty();
  }

  /** Calls {@code changed} once, when an assignment is made or removed or the guest forgotten. */
  public void watchAssigned(String id, Runnable changed) throws IOException {
    ask(
        "watching who keeps " + id,
        () ->
            client
                .getChildren()
                .usingWatcher((org.apache.zookeeper.Watcher) event -> changed.run())
                .forPath(nodes.of(id) + "/hosts"),
        List.<String>of());
  }

  /** Calls {@code changed} once, when a guest becomes known or is forgotten. */
  public void watchGuests(Runnable changed) throws IOException {
    ask(
        "watching guests",
        () ->
            client
                .getChildren()
                .usingWatcher((org.apache.zookeeper.Watcher) event -> changed.run())
                .forPath(nodes.guests()),
        List.<String>of());
  }
}
