package io.tardigrade.coordination;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.apache.curator.framework.CuratorFramework;
import org.apache.curator.framework.api.transaction.CuratorOp;
import org.apache.zookeeper.CreateMode;
import org.apache.zookeeper.KeeperException.BadVersionException;
import org.apache.zookeeper.KeeperException.NoNodeException;
import org.apache.zookeeper.KeeperException.NodeExistsException;
import org.apache.zookeeper.KeeperException.NotEmptyException;
import org.apache.zookeeper.data.Stat;
import org.jspecify.annotations.Nullable;

/**
 * Changes of {@link GuestRegister}'s nodes that are made as a whole or not at all, so that whoever
 * is killed while making one leaves nothing half-made: each is one transaction of ZooKeeper, begun
 * again where what it was made from has changed.
 */
final class RegisterChanges {
  private static final int ATTEMPTS_MAX = 50;

  /** So many ids of guests that have ended are kept for sure, however old they are. */
  private static final int ENDED_MIN = 500;

  private static final long ENDED_MILLIS_MAX = 90L * 24 * 3_600 * 1_000;
  private static final byte[] NOTHING = {};

  private final CuratorFramework client;
  private final GuestNodes nodes;

  RegisterChanges(CuratorFramework client, GuestNodes nodes) {
    this.client = client;
    this.nodes = nodes;
  }

  /**
   * Enters a guest, with its name, its definition and the host that has it.
   *
   * @return the id of the guest that has the name now: the given one, or another's
   */
  String enter(String guestName, String id, byte[] definition, String host) throws Exception {
    for (int attempt = 1; ; attempt++) {
      for (String folder : List.of(nodes.names(), nodes.guests(), nodes.ended())) {
        parent(folder);
      }
      try {
        var _ =
            client
                .transaction()
                .forOperations(
                    create(nodes.name(guestName), GuestNodes.bytes(id)),
                    create(nodes.of(id), NOTHING),
                    create(nodes.of(id) + "/guest", definition),
                    create(nodes.of(id) + "/hosts", NOTHING),
                    create(nodes.of(id) + "/ports", NOTHING),
                    create(nodes.node(id, "hosts", host), NOTHING));
        return id;
      } catch (NoNodeException e) {
        if (attempt == ATTEMPTS_MAX) {
          throw new IOException("what guests are entered under vanishes", e);
        }
      } catch (NodeExistsException e) {
        try {
          return GuestNodes.text(client.getData().forPath(nodes.name(guestName)));
        } catch (NoNodeException gone) {
          if (attempt == ATTEMPTS_MAX) {
            throw e;
          }
        }
      }
    }
  }

  private void parent(String path) throws Exception {
    try {
      var _ = client.create().creatingParentsIfNeeded().forPath(path, NOTHING);
    } catch (NodeExistsException e) {
      // As it should be.
    }
  }

  private CuratorOp create(String path, byte[] data) throws Exception {
    return client.transactionOp().create().forPath(path, data);
  }

  private CuratorOp delete(String path, int version) throws Exception {
    return client.transactionOp().delete().withVersion(version).forPath(path);
  }

  /**
   * Forgets a guest with all that is known of it, and remembers that it has ended.
   *
   * @param version of its view, or null where that does not matter
   * @return false where its view is of another version, and nothing was changed
   */
  boolean forget(String guestName, String id, @Nullable Integer version) throws Exception {
    parent(nodes.ended());
    for (int attempt = 1; ; attempt++) {
      Stat view = client.checkExists().forPath(nodes.of(id) + "/view");
      if (version != null && view != null && view.getVersion() != version) {
        return false;
      }
      List<CuratorOp> ops = new ArrayList<>();
      forgetName(guestName, id, ops);
      forgetGuest(id, view, ops);
      if (ops.isEmpty()) {
        return true;
      }
      try {
        var _ = client.transaction().forOperations(ops);
        prune();
        return true;
      } catch (BadVersionException | NoNodeException | NodeExistsException | NotEmptyException e) {
        if (attempt == ATTEMPTS_MAX) {
          throw e;
        }
      }
    }
  }

  private void forgetName(String guestName, String id, List<CuratorOp> ops) throws Exception {
    Stat stat = new Stat();
    try {
      byte[] owner = client.getData().storingStatIn(stat).forPath(nodes.name(guestName));
      if (GuestNodes.text(owner).equals(id)) {
        ops.add(delete(nodes.name(guestName), stat.getVersion()));
      }
    } catch (NoNodeException e) {
      // It has none.
    }
  }

  private void forgetGuest(String id, @Nullable Stat view, List<CuratorOp> ops) throws Exception {
    List<CuratorOp> found = new ArrayList<>();
    try {
      for (String kind : client.getChildren().forPath(nodes.of(id))) {
        String path = nodes.of(id) + "/" + kind;
        for (String child : client.getChildren().forPath(path)) {
          found.add(delete(path + "/" + child, -1));
        }
        boolean isView = kind.equals("view");
        found.add(delete(path, isView && view != null ? view.getVersion() : -1));
      }
      found.add(delete(nodes.of(id), -1));
    } catch (NoNodeException e) {
      if (client.checkExists().forPath(nodes.of(id)) == null) {
        return;
      }
      // It has changed while it was read, and the transaction is refused.
    }
    ops.addAll(found);
    if (client.checkExists().forPath(nodes.ended(id)) == null) {
      ops.add(create(nodes.ended(id), NOTHING));
    }
  }

  /** Ids of long ago are of no use: who was away for so long is told what to do. */
  private void prune() throws Exception {
    List<String> ended = client.getChildren().forPath(nodes.ended());
    if (ended.size() <= 2 * ENDED_MIN) {
      return;
    }
    for (String id : ended) {
      Stat stat = client.checkExists().forPath(nodes.ended(id));
      if (stat != null && System.currentTimeMillis() - stat.getCtime() > ENDED_MILLIS_MAX) {
        client.delete().quietly().forPath(nodes.ended(id));
      }
    }
  }

  /**
   * Makes a node of this session, in the place of one of another session, without a moment between;
   * nothing where the guest is forgotten.
   */
  void announce(String path, byte[] data, long session) throws Exception {
    for (int attempt = 1; ; attempt++) {
      Stat there = client.checkExists().forPath(path);
      CuratorOp made =
          client.transactionOp().create().withMode(CreateMode.EPHEMERAL).forPath(path, data);
      try {
        if (there == null) {
          var _ = client.transaction().forOperations(made);
        } else if (there.getEphemeralOwner() == session) {
          var _ = client.setData().forPath(path, data);
        } else {
          // Of the process before this one, or of a session that was lost.
          var _ = client.transaction().forOperations(delete(path, there.getVersion()), made);
        }
        return;
      } catch (NodeExistsException | BadVersionException e) {
        if (attempt == ATTEMPTS_MAX) {
          throw e;
        }
      }
    }
  }
}
