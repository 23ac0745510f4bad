package io.tardigrade.coordination;

import io.tardigrade.replication.Journal;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.apache.curator.framework.CuratorFramework;
import org.apache.zookeeper.CreateMode;
import org.apache.zookeeper.KeeperException.BadVersionException;
import org.apache.zookeeper.KeeperException.NoNodeException;
import org.apache.zookeeper.data.Stat;
import org.jspecify.annotations.Nullable;

/**
 * The hosts that there are: a node for each that lives as long as its session.
 *
 * <pre>
 *   /tardigrade/hosts/NAME          {@link HostEntry}
 * </pre>
 *
 * <p>A thread of its own writes this host's node, again after whatever happened to it, and reads
 * the others', when one comes or goes and every {@link #LOOK_MILLIS}. While the service is out the
 * list stays as it was. Of two processes that say they are one host the newer is right.
 */
final class HostRegister implements AutoCloseable {
  /** Room that has changed is seen by others after so long at most. */
  static final long LOOK_MILLIS = 2_000;

  private static final String HOSTS = "/tardigrade/hosts";

  private final CuratorFramework client;
  private final Consumer<List<HostInfo>> changes;
  private final Journal journal;
  private final Semaphore looks = new Semaphore(0);
  private final Thread thread;
  private volatile @Nullable HostInfo own;
  private volatile boolean closed;
  private @Nullable List<HostInfo> known;
  private String fault = "";
  private long writtenInSession;

  HostRegister(CuratorFramework client, Consumer<List<HostInfo>> changes, Journal journal) {
    this.client = client;
    this.changes = changes;
    this.journal = journal;
    this.thread = Thread.ofVirtual().name("host-register").start(this::run);
  }

  /** What this host says of itself from now on; never waits. */
  void announce(HostInfo info) {
    HostEntry.encode(info);
    own = info;
    lookSoon();
  }

  void lookSoon() {
    looks.release();
  }

  private void run() {
    try {
      while (!closed) {
        if (client.getZookeeperClient().isConnected()) {
          look();
        }
        if (looks.tryAcquire(LOOK_MILLIS, TimeUnit.MILLISECONDS)) {
          looks.drainPermits();
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void look() throws InterruptedException {
    try {
      HostInfo info = own;
      if (info != null) {
        write(info);
      }
      List<HostInfo> found = list();
      if (!closed && !found.equals(known)) {
        known = found;
        changes.accept(found);
      }
      fault = "";
    } catch (InterruptedException e) {
      throw e;
    } catch (Exception e) {
      String found = String.valueOf(e.getMessage());
      if (!closed && !found.equals(fault)) {
        fault = found;
        journal.say("hosts cannot be looked up: " + found);
      }
    }
  }

  private void write(HostInfo info) throws Exception {
    String path = HOSTS + "/" + info.name();
    byte[] text = HostEntry.encode(info);
    Stat there = client.checkExists().forPath(path);
    long session = client.getZookeeperClient().getZooKeeper().getSessionId();
    if (there != null && there.getEphemeralOwner() != session) {
      if (writtenInSession == session) {
        own = null;
        journal.say("another process says that it is host " + info.name() + "; this one gives way");
        return;
      }
      // Of the process before this one, or of a session that was lost. In one step: who lists hosts
      // meanwhile must not find this one missing.
      try {
        var _ =
            client
                .transaction()
                .forOperations(
                    client.transactionOp().delete().withVersion(there.getVersion()).forPath(path),
                    client
                        .transactionOp()
                        .create()
                        .withMode(CreateMode.EPHEMERAL)
                        .forPath(path, text));
      } catch (NoNodeException | BadVersionException e) {
        // It has gone, or changed, in this moment.
        lookSoon();
        return;
      }
    } else if (there == null) {
      client.create().creatingParentsIfNeeded().withMode(CreateMode.EPHEMERAL).forPath(path, text);
    } else {
      client.setData().forPath(path, text);
    }
    writtenInSession = session;
  }

  private List<HostInfo> list() throws Exception {
    List<HostInfo> found = new ArrayList<>();
    List<String> names;
    try {
      names =
          client
              .getChildren()
              .usingWatcher((org.apache.zookeeper.Watcher) event -> lookSoon())
              .forPath(HOSTS);
    } catch (NoNodeException e) {
      return found;
    }
    for (String name : names.stream().sorted().toList()) {
      try {
        HostEntry.decode(name, client.getData().forPath(HOSTS + "/" + name)).ifPresent(found::add);
      } catch (NoNodeException e) {
        // It has left meanwhile.
      }
    }
    return found;
  }

  @Override
  public void close() {
    closed = true;
    thread.interrupt();
  }
}
