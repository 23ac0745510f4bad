package io.tardigrade.coordination;

import io.tardigrade.replication.View;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.curator.framework.CuratorFramework;
import org.apache.zookeeper.CreateMode;
import org.apache.zookeeper.KeeperException.BadVersionException;
import org.apache.zookeeper.KeeperException.NoNodeException;
import org.apache.zookeeper.KeeperException.NodeExistsException;
import org.apache.zookeeper.data.Stat;

/**
 * What a cluster knows of its guests beside their views:
 *
 * <pre>
 *   /tardigrade/guests/ID/guest        its definition, text
 *   /tardigrade/guests/ID/hosts/HOST   HOST is to keep a replica: an assignment
 *   /tardigrade/guests/ID/ports/HOST   ADDRESS:PORT where HOST's guardian of it listens; ephemeral
 *   /tardigrade/names/NAME             ID; a name is of one guest
 * </pre>
 *
 * <p>Each call asks the service and waits for its answer, {@link
 * Coordination#CONNECTION_MILLIS_MAX} at most where it is out; so no thread that must not stand
 * still makes it. Any thread.
 */
public final class GuestRegister {
  /** The largest definition. */
  public static final int DEFINITION_BYTES_MAX = 256 << 10;

  private static final String ROOT = "/tardigrade";
  private static final Pattern NAME = Pattern.compile("[a-zA-Z0-9][a-zA-Z0-9._-]{0,62}");
  private static final Pattern PLACE =
      Pattern.compile("([0-9]{1,3}(?:\\.[0-9]{1,3}){3}):(\\d{1,5})");

  private final CuratorFramework client;

  GuestRegister(CuratorFramework client) {
    this.client = client;
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

  private static String checked(String name) {
    if (!NAME.matcher(name).matches()) {
      throw new IllegalArgumentException("'" + name + "', expected up to 63 of a-z A-Z 0-9 . _ -");
    }
    return name;
  }

  private static String of(String id) {
    return ROOT + "/guests/" + checked(id);
  }

  private static String node(String id, String kind, String host) {
    return of(id) + "/" + kind + "/" + checked(host);
  }

  private static String name(String name) {
    return ROOT + "/names/" + checked(name);
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  private static String text(byte[] bytes) {
    return new String(bytes, StandardCharsets.UTF_8);
  }

  private Optional<String> read(String what, String path) throws IOException {
    return ask(what, () -> Optional.of(text(client.getData().forPath(path))), Optional.empty());
  }

  private List<String> children(String what, String path) throws IOException {
    return ask(
        what, () -> client.getChildren().forPath(path).stream().sorted().toList(), List.of());
  }

  /**
   * Gives a guest its name, for as long as it is known.
   *
   * @return the id of the guest that has the name now: the given one, or another's
   */
  public String claimName(String guestName, String id) throws IOException {
    of(id);
    return ask(
        "taking the name " + guestName,
        () -> {
          String path = name(guestName);
          try {
            client.create().creatingParentsIfNeeded().forPath(path, bytes(id));
            return id;
          } catch (NodeExistsException e) {
            return text(client.getData().forPath(path));
          }
        },
        id);
  }

  /** The id of the guest of this name. */
  public Optional<String> id(String guestName) throws IOException {
    return read("looking for guest " + guestName, name(guestName));
  }

  /** Defines a guest, or defines it anew. */
  public void define(String id, String definition) throws IOException {
    byte[] bytes = bytes(definition);
    if (bytes.length > DEFINITION_BYTES_MAX) {
      throw new IOException(
          "definition of guest "
              + id
              + " is of "
              + bytes.length
              + " bytes, at most "
              + DEFINITION_BYTES_MAX);
    }
    put("defining guest " + id, of(id) + "/guest", bytes, CreateMode.PERSISTENT);
  }

  private void put(String what, String path, byte[] bytes, CreateMode mode) throws IOException {
    ask(
        what,
        () ->
            client
                .create()
                .orSetData()
                .creatingParentsIfNeeded()
                .withMode(mode)
                .forPath(path, bytes),
        "");
  }

  /** What a guest was defined as; empty where it is not known. */
  public Optional<String> definition(String id) throws IOException {
    return read("reading guest " + id, of(id) + "/guest");
  }

  /** The ids of all guests that the cluster knows, in order. */
  public List<String> guests() throws IOException {
    return children("listing guests", ROOT + "/guests");
  }

  /** The view of a guest as it is stored; of number 0 where there is none. */
  public View view(String id) throws IOException {
    Optional<String> stored = read("reading the view of " + id, of(id) + "/view");
    if (stored.isEmpty()) {
      return View.NONE;
    }
    try {
      return ViewText.decode(bytes(stored.get()));
    } catch (StoredViewException e) {
      throw new IOException(
          "what is stored as the view of " + id + " is none: " + e.getMessage(), e);
    }
  }

  /** A host is to keep a replica; nothing where it is to already. */
  public void assign(String id, String host) throws IOException {
    String path = node(id, "hosts", host);
    ask(
        "assigning " + id + " to " + host,
        () -> {
          try {
            return client.create().creatingParentsIfNeeded().forPath(path, new byte[0]);
          } catch (NodeExistsException e) {
            return path;
          }
        },
        "");
  }

  /** A host need not keep a replica any longer. */
  public void unassign(String id, String host) throws IOException {
    String path = node(id, "hosts", host);
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
    return children("reading who keeps " + id, of(id) + "/hosts");
  }

  /**
   * Says where this host's guardian of a guest listens, for as long as this connection lives. To be
   * said again now and then: the session may have been lost. Nothing where the guest is forgotten.
   */
  public void announcePort(String id, String host, InetSocketAddress at) throws IOException {
    String path = node(id, "ports", host);
    byte[] place = bytes(at.getAddress().getHostAddress() + ":" + at.getPort());
    ask(
        "saying where " + id + " is listened for",
        () -> {
          if (client.checkExists().forPath(of(id)) == null) {
            return "";
          }
          Stat there = client.checkExists().forPath(path);
          long session = client.getZookeeperClient().getZooKeeper().getSessionId();
          if (there != null && there.getEphemeralOwner() != session) {
            // Of the process before this one, or of a session that was lost.
            client.delete().quietly().forPath(path);
            there = null;
          }
          if (there == null) {
            client
                .create()
                .creatingParentsIfNeeded()
                .withMode(CreateMode.EPHEMERAL)
                .forPath(path, place);
          } else {
            client.setData().forPath(path, place);
          }
          return "";
        },
        "");
  }

  /** Where a host's guardian of a guest listens; empty where there is none. */
  public Optional<InetSocketAddress> port(String id, String host) throws IOException {
    Optional<String> place =
        read("looking where " + host + " listens for " + id, node(id, "ports", host));
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
    return children("looking who listens for " + id, of(id) + "/ports");
  }

  /**
   * Forgets a guest: its view, definition, assignments and ports, and its name if it is that
   * guest's.
   */
  public void forget(String guestName, String id) throws IOException {
    ask(
        "forgetting guest " + id,
        () -> {
          Stat stat = new Stat();
          try {
            byte[] owner = client.getData().storingStatIn(stat).forPath(name(guestName));
            if (text(owner).equals(id)) {
              client.delete().withVersion(stat.getVersion()).forPath(name(guestName));
            }
          } catch (NoNodeException | BadVersionException e) {
            // It has no name, or another guest has it now.
          }
          client.delete().deletingChildrenIfNeeded().forPath(of(id));
          return "";
        },
        "");
  }

  /**
   * As {@link #forget(String, String)}, if the view stored is this one: a host that does not lead
   * the guest any longer must not.
   *
   * @return false where another view is stored, and the guest is known as before
   */
  public boolean forget(String guestName, String id, View led) throws IOException {
    boolean free =
        ask(
            "forgetting guest " + id,
            () -> {
              try {
                client
                    .delete()
                    .withVersion(Math.toIntExact(led.number() - 1))
                    .forPath(of(id) + "/view");
                return true;
              } catch (BadVersionException e) {
                return false;
              }
            },
            true);
    if (free) {
      forget(guestName, id);
    }
    return free;
  }

  /** Calls {@code changed} once, when an assignment is made or removed or the guest forgotten. */
  public void watchAssigned(String id, Runnable changed) throws IOException {
    ask(
        "watching who keeps " + id,
        () ->
            client
                .getChildren()
                .usingWatcher((org.apache.zookeeper.Watcher) event -> changed.run())
                .forPath(of(id) + "/hosts"),
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
                .forPath(ROOT + "/guests"),
        List.<String>of());
  }
}
