package io.tardigrade.coordination;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.Collection;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.apache.zookeeper.Watcher.Event.KeeperState;
import org.apache.zookeeper.ZooKeeper;
import org.apache.zookeeper.client.HostProvider;
import org.apache.zookeeper.client.ZKClientConfig;
import org.jspecify.annotations.Nullable;

/**
 * The servers as one handle is told them. A handle asks for one when it is made, and then only when
 * its connection is lost or was never made: that is how the loss is learnt of.
 */
final class ServerOrder implements HostProvider {
  private static final int HOME_MILLIS_MAX = 3_000;

  /**
   * Before a handle asks once more: it is about to be given up. Where a server refuses, ZooKeeper's
   * client asks again without a pause of its own, and makes its keys ready each time.
   */
  private static final long AGAIN_MILLIS = 1_000;

  private final Handles handles;
  private final @Nullable InetSocketAddress home;
  private List<InetSocketAddress> servers;
  private @Nullable InetSocketAddress asked;
  private @Nullable Runnable lost;
  private boolean tried;
  private final CountDownLatch givenUp = new CountDownLatch(1);

  /**
   * @param home this host's own server, null where it has none
   */
  ServerOrder(Handles handles, List<InetSocketAddress> servers, @Nullable InetSocketAddress home) {
    this.handles = handles;
    this.servers = servers;
    this.home = home;
  }

  /** Calls this when a server is asked for again; at once where that has been. */
  void ask(Runnable whenLost) {
    boolean late;
    synchronized (this) {
      lost = whenLost;
      late = tried;
    }
    if (late) {
      whenLost.run();
    }
  }

  @Override
  public synchronized int size() {
    return servers.size();
  }

  @Override
  public InetSocketAddress next(long spinDelay) {
    Runnable told = null;
    InetSocketAddress next;
    synchronized (this) {
      if (asked != null) {
        tried = true;
        told = lost;
      }
      next = handles.next(servers, home);
      asked = next;
    }
    if (told != null) {
      told.run();
      pause();
    }
    return next;
  }

  private void pause() {
    try {
      var _ = givenUp.await(AGAIN_MILLIS, TimeUnit.MILLISECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** The handle is to be closed, and need not wait for its next attempt. */
  void giveUp() {
    givenUp.countDown();
  }

  @Override
  public void onConnected() {
    boolean away;
    synchronized (this) {
      away = home != null && !home.equals(asked);
    }
    handles.connected(away);
  }

  @Override
  public synchronized boolean updateServerList(
      Collection<InetSocketAddress> serverAddresses, InetSocketAddress currentHost) {
    servers =
        serverAddresses.stream()
            .map(each -> new InetSocketAddress(each.getHostString(), each.getPort()))
            .toList();
    return false;
  }

  /** Whether this host's own server serves; waits for it. */
  @SuppressWarnings("try") // Closed whether interrupted or not.
  boolean homeServes(ZKClientConfig config) {
    InetSocketAddress at = home;
    if (at == null) {
      return false;
    }
    CountDownLatch connected = new CountDownLatch(1);
    try (ZooKeeper _ =
        new ZooKeeper(
            (at.getHostString().contains(":") ? "[" + at.getHostString() + "]" : at.getHostString())
                + ":"
                + at.getPort(),
            HOME_MILLIS_MAX,
            event -> {
              if (event.getState() == KeeperState.SyncConnected) {
                connected.countDown();
              }
            },
            config)) {
      return connected.await(HOME_MILLIS_MAX, TimeUnit.MILLISECONDS);
    } catch (IOException e) {
      return false;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return false;
    }
  }
}
