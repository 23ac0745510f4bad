package io.tardigrade.cluster;

import io.tardigrade.guest.Json;
import io.tardigrade.launch.RefusedException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.apache.curator.framework.CuratorFramework;
import org.apache.zookeeper.KeeperException.BadVersionException;
import org.apache.zookeeper.KeeperException.NoNodeException;
import org.apache.zookeeper.KeeperException.NodeExistsException;
import org.apache.zookeeper.data.Stat;
import org.jspecify.annotations.Nullable;

/**
 * What the coordination service keeps of the hosts of a cluster beside their views:
 *
 * <pre>
 *   /tardigrade/members/NAME     {@link KnownHost}
 *   /tardigrade/removed/SERIAL   name of the host whose certificate was taken back
 *   /tardigrade/tokens/DIGEST    {@link Ticket}; DIGEST of its secret
 *   /tardigrade/number           last number that was given to a host, decimal
 * </pre>
 *
 * Any thread; each call waits for the service.
 */
public final class Registry {
  private static final String MEMBERS = "/tardigrade/members";
  private static final String REMOVED = "/tardigrade/removed";
  private static final String TOKENS = "/tardigrade/tokens";
  private static final String NUMBER = "/tardigrade/number";
  private static final int NUMBER_MAX = 255;

  /** More tokens at once make no sense. */
  private static final int TOKENS_MAX = 100;

  private final CuratorFramework client;

  /** On this connection. */
  public Registry(CuratorFramework client) {
    this.client = client;
  }

  /**
   * A token that was given out.
   *
   * @param role that it lets in
   * @param until when it is good
   * @param usedBy who joined with it, or null
   */
  record Ticket(String role, Instant until, @Nullable String usedBy) {}

  private interface Request<T> {
    T send() throws Exception;
  }

  private static <T> T ask(String what, Request<T> request) throws IOException {
    try {
      return request.send();
    } catch (RefusedException e) {
      throw e;
    } catch (Exception e) {
      if (e instanceof InterruptedException) {
        Thread.currentThread().interrupt();
      }
      throw new IOException(what + ": the coordination service says " + e.getMessage(), e);
    }
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  /** All hosts of the cluster, by name. */
  public List<KnownHost> hosts() throws IOException {
    return ask(
        "listing hosts",
        () -> {
          List<KnownHost> hosts = new ArrayList<>();
          for (String name : children(MEMBERS)) {
            byte @Nullable [] data = get(MEMBERS + "/" + name);
            if (data != null) {
              hosts.add(
                  Json.parse(
                      "host " + name, new String(data, StandardCharsets.UTF_8), KnownHost.class));
            }
          }
          return hosts;
        });
  }

  /** Numbers of the certificates that were taken back. */
  List<String> removed() throws IOException {
    return ask("listing removed hosts", () -> children(REMOVED));
  }

  private List<String> children(String path) throws Exception {
    try {
      return client.getChildren().forPath(path).stream().sorted().toList();
    } catch (NoNodeException e) {
      return List.of();
    }
  }

  private byte @Nullable [] get(String path) throws Exception {
    try {
      return client.getData().forPath(path);
    } catch (NoNodeException e) {
      return null;
    }
  }

  /** Lets a host in; returns false where its name is taken by another. */
  boolean add(KnownHost host) throws IOException {
    return ask(
        "adding host " + host.name(),
        () -> {
          try {
            client
                .create()
                .creatingParentsIfNeeded()
                .forPath(MEMBERS + "/" + host.name(), bytes(Json.line(host)));
            return true;
          } catch (NodeExistsException e) {
            byte @Nullable [] there = get(MEMBERS + "/" + host.name());
            return there != null
                && Json.parse("host", new String(there, StandardCharsets.UTF_8), KnownHost.class)
                    .equals(host);
          }
        });
  }

  /** Takes a host's certificate back, and forgets it. */
  void remove(KnownHost host) throws IOException {
    Boolean _ =
        ask(
            "removing host " + host.name(),
            () -> {
              try {
                client
                    .create()
                    .creatingParentsIfNeeded()
                    .forPath(REMOVED + "/" + host.serial(), bytes(host.name()));
              } catch (NodeExistsException e) {
                // Begun before.
              }
              client.delete().quietly().forPath(MEMBERS + "/" + host.name());
              client.delete().quietly().forPath("/tardigrade/hosts/" + host.name());
              return true;
            });
  }

  /** Ids of the guests of which a host is to keep a replica. */
  List<String> replicas(String host) throws IOException {
    return ask(
        "listing replicas",
        () -> {
          List<String> found = new ArrayList<>();
          for (String guest : children("/tardigrade/guests")) {
            if (client.checkExists().forPath("/tardigrade/guests/" + guest + "/hosts/" + host)
                != null) {
              found.add(guest);
            }
          }
          return found;
        });
  }

  /** A number that no host has had; never below {@code least}. */
  int nextNumber(int least) throws IOException {
    return ask(
        "numbering a host",
        () -> {
          while (true) {
            Stat stat = new Stat();
            try {
              byte[] data = client.getData().storingStatIn(stat).forPath(NUMBER);
              int last = Integer.parseInt(new String(data, StandardCharsets.UTF_8));
              int next = Math.max(least, last + 1);
              if (next > NUMBER_MAX) {
                throw RefusedException.conflict(
                    "the cluster has had " + NUMBER_MAX + " hosts, and takes no more");
              }
              client
                  .setData()
                  .withVersion(stat.getVersion())
                  .forPath(NUMBER, bytes(String.valueOf(next)));
              return next;
            } catch (NoNodeException e) {
              createNumber();
            } catch (BadVersionException e) {
              // Another host joins at the same time.
            }
          }
        });
  }

  private void createNumber() throws Exception {
    try {
      client.create().creatingParentsIfNeeded().forPath(NUMBER, bytes("1"));
    } catch (NodeExistsException e) {
      // Another host was faster.
    }
  }

  /** Keeps a token that is given out; forgets those that are long over. */
  void addToken(String digest, Ticket ticket, Instant now) throws IOException {
    Boolean _ =
        ask(
            "keeping a token",
            () -> {
              int kept = 0;
              for (String other : children(TOKENS)) {
                Ticket there = ticket(other);
                boolean over = there == null || now.isAfter(there.until().plusSeconds(86_400));
                if (over) {
                  client.delete().quietly().forPath(TOKENS + "/" + other);
                } else {
                  kept++;
                }
              }
              if (kept >= TOKENS_MAX) {
                throw RefusedException.conflict(
                    TOKENS_MAX + " tokens were given out within a day; wait, or use one of them");
              }
              client
                  .create()
                  .creatingParentsIfNeeded()
                  .forPath(TOKENS + "/" + digest, bytes(Json.line(ticket)));
              return true;
            });
  }

  private @Nullable Ticket ticket(String digest) throws Exception {
    byte @Nullable [] data = get(TOKENS + "/" + digest);
    return data == null
        ? null
        : Json.parse("token", new String(data, StandardCharsets.UTF_8), Ticket.class);
  }

  /** Whether any token is good. */
  boolean anyTokenGood(Instant now) throws IOException {
    return ask(
        "listing tokens",
        () -> {
          for (String digest : children(TOKENS)) {
            Ticket ticket = ticket(digest);
            if (ticket != null && ticket.usedBy() == null && now.isBefore(ticket.until())) {
              return true;
            }
          }
          return false;
        });
  }

  /** A token that was given out; null where there is none. */
  @Nullable Ticket token(String digest) throws IOException {
    List<Ticket> found =
        ask(
            "looking a token up",
            () -> {
              Ticket ticket = ticket(digest);
              return ticket == null ? List.<Ticket>of() : List.of(ticket);
            });
    return found.isEmpty() ? null : found.getFirst();
  }

  /** Marks a token as used; of all who try at once one succeeds. */
  boolean use(String digest, String by) throws IOException {
    return ask(
        "using a token",
        () -> {
          Stat stat = new Stat();
          byte[] data = client.getData().storingStatIn(stat).forPath(TOKENS + "/" + digest);
          Ticket ticket =
              Json.parse("token", new String(data, StandardCharsets.UTF_8), Ticket.class);
          if (ticket.usedBy() != null) {
            return false;
          }
          try {
            client
                .setData()
                .withVersion(stat.getVersion())
                .forPath(
                    TOKENS + "/" + digest,
                    bytes(Json.line(new Ticket(ticket.role(), ticket.until(), by))));
            return true;
          } catch (BadVersionException e) {
            return false;
          }
        });
  }
}
