package io.tardigrade.coordination;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import org.apache.curator.utils.ZookeeperFactory;
import org.apache.zookeeper.Watcher;
import org.apache.zookeeper.ZooKeeper;
import org.apache.zookeeper.client.ConnectStringParser;
import org.apache.zookeeper.client.ZKClientConfig;
import org.jspecify.annotations.Nullable;

/**
 * Connections of a client that must be back as soon as any server serves: this host's own server is
 * tried first, and a handle whose connection is lost, or never made, is given up for a new one.
 *
 * <p>ZooKeeper's own handle keeps its session instead, and waits before each further attempt: up to
 * a second at random, and another when it has tried all servers. That is longer than a takeover may
 * take. The price is a new session after each loss, and with it whatever lives as long as a
 * session: who uses this has to say such things anew.
 *
 * <p>Another host's server that takes no connection at once is passed over for one that does: a
 * host without power answers nothing, and an attempt with it lasts as long as its patience.
 * Attempts follow each other at {@link #PAUSE_MILLIS}, and where none succeeds for seconds more
 * slowly. Any thread.
 */
final class Handles implements ZookeeperFactory, AutoCloseable {
  /** Between the loss of a connection and the next attempt; twice that between later ones. */
  static final long PAUSE_MILLIS = 50;

  /** An election is over before so many attempts are. */
  private static final int QUICK_ATTEMPTS = 20;

  private static final double SLOWER = 1.4;

  /** A server of another host that takes no connection in this time is passed over. */
  static final int REACH_MILLIS = 100;

  /** The same, while nobody has answered for long. */
  static final long PAUSE_MILLIS_MAX = 2_000;

  /** After so long a handle that is connected elsewhere looks whether its own server serves. */
  static final long HOMING_MILLIS = 10_000;

  private static final long HOMING_MILLIS_MAX = 300_000;

  /** A network, or a host, that is slower than an attempt is patient gets more patience. */
  private static final int SESSION_DOUBLES_AFTER = 6;

  private static final int SESSION_MILLIS_MAX = 8_000;

  private final String own;
  private final long homingMillis;
  private final Predicate<InetSocketAddress> reaches;
  private final ScheduledExecutorService later =
      Executors.newSingleThreadScheduledExecutor(
          task -> Thread.ofPlatform().daemon().name("coordination-handles").unstarted(task));
  private @Nullable Reset reset;
  private @Nullable Handle current;
  private int failures;
  private int others;
  private boolean closed;

  /** Has the client make its next handle. */
  interface Reset {
    void reset() throws Exception;
  }

  /**
   * @param own {@code ADDRESS:PORT} of this host's own server, whether there is one or not
   * @param homingMillis {@link #HOMING_MILLIS}
   */
  Handles(String own, long homingMillis) {
    this(own, homingMillis, Handles::takesConnections);
  }

  /** As above, told whether a server can be reached. */
  Handles(String own, long homingMillis, Predicate<InetSocketAddress> reaches) {
    this.own = own;
    this.homingMillis = homingMillis;
    this.reaches = reaches;
  }

  /** What to do where a handle is to be given up; to be said before the client is started. */
  synchronized void resetBy(Reset how) {
    reset = how;
  }

  @Override
  public ZooKeeper newZooKeeper(
      String connectString, int sessionTimeout, Watcher watcher, boolean canBeReadOnly)
      throws Exception {
    return newZooKeeper(
        connectString, sessionTimeout, watcher, canBeReadOnly, new ZKClientConfig());
  }

  @Override
  public ZooKeeper newZooKeeper(
      String connectString,
      int sessionTimeout,
      Watcher watcher,
      boolean canBeReadOnly,
      ZKClientConfig zkClientConfig)
      throws Exception {
    ServerOrder order = new ServerOrder(this, addresses(connectString), home(connectString));
    Handle made =
        new Handle(
            connectString,
            sessionTimeout(sessionTimeout),
            watcher,
            canBeReadOnly,
            order,
            zkClientConfig);
    synchronized (this) {
      current = made;
    }
    order.ask(() -> lost(made));
    return made;
  }

  private static List<InetSocketAddress> addresses(String connectString) {
    List<InetSocketAddress> addresses = new ArrayList<>();
    for (InetSocketAddress each : new ConnectStringParser(connectString).getServerAddresses()) {
      addresses.add(new InetSocketAddress(each.getHostString(), each.getPort()));
    }
    return addresses;
  }

  private @Nullable InetSocketAddress home(String connectString) {
    return List.of(connectString.split(",", -1)).contains(own) ? addresses(own).getFirst() : null;
  }

  private synchronized int sessionTimeout(int least) {
    int doublings = Math.max(0, failures - QUICK_ATTEMPTS) / SESSION_DOUBLES_AFTER;
    return (int) Math.min(SESSION_MILLIS_MAX, (long) least << Math.min(doublings, 10));
  }

  /** One whose close does not wait: it may be in one of its pauses. */
  private final class Handle extends ZooKeeper {
    private final ServerOrder order;

    Handle(
        String connectString,
        int sessionTimeout,
        Watcher watcher,
        boolean canBeReadOnly,
        ServerOrder order,
        ZKClientConfig config)
        throws IOException {
      super(connectString, sessionTimeout, watcher, canBeReadOnly, order, config);
      this.order = order;
    }

    ServerOrder order() {
      return order;
    }

    @Override
    public synchronized void close() {
      order.giveUp();
      if (isClosed()) {
        closeAndWait();
      } else {
        Thread.ofVirtual().name("coordination-close").start(this::closeAndWait);
      }
    }

    private void closeAndWait() {
      try {
        super.close();
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    }
  }

  private synchronized boolean isClosed() {
    return closed;
  }

  /** Which server a new handle is to try: its own twice, then one of the others. */
  InetSocketAddress next(List<InetSocketAddress> servers, @Nullable InetSocketAddress home) {
    List<InetSocketAddress> turn = turn(servers, home);
    for (InetSocketAddress server : turn) {
      if (server.equals(home) || turn.size() == 1 || reaches.test(server)) {
        return server;
      }
    }
    return turn.getFirst();
  }

  /** Servers to be tried, the best first. */
  private synchronized List<InetSocketAddress> turn(
      List<InetSocketAddress> servers, @Nullable InetSocketAddress home) {
    if (home != null && (servers.size() == 1 || failures % 3 < 2)) {
      return List.of(home);
    }
    List<InetSocketAddress> turn =
        new ArrayList<>(servers.stream().filter(server -> !server.equals(home)).toList());
    Collections.rotate(turn, -(others % turn.size()));
    others++;
    if (home != null) {
      turn.add(home);
    }
    return turn;
  }

  private static boolean takesConnections(InetSocketAddress server) {
    try (Socket socket = new Socket()) {
      socket.connect(server, REACH_MILLIS);
      return true;
    } catch (IOException e) {
      return false;
    }
  }

  synchronized void connected(boolean away) {
    failures = 0;
    Handle handle = current;
    if (away && handle != null) {
      goHomeAfter(handle, homingMillis);
    }
  }

  /** The handle's connection is lost, or was never made. */
  private synchronized void lost(Handle handle) {
    if (handle != current) {
      return;
    }
    long pause = pauseMillis(failures);
    failures++;
    schedule(() -> replace(handle), pause);
  }

  static long pauseMillis(int failures) {
    if (failures == 0) {
      return PAUSE_MILLIS;
    }
    double slower = Math.pow(SLOWER, Math.clamp(failures - QUICK_ATTEMPTS, 0, 20));
    return Math.min(PAUSE_MILLIS_MAX, (long) (2 * PAUSE_MILLIS * slower));
  }

  private void schedule(Runnable task, long millis) {
    try {
      var _ = later.schedule(task, millis, TimeUnit.MILLISECONDS);
    } catch (RejectedExecutionException e) {
      // Closed meanwhile.
    }
  }

  private void replace(Handle handle) {
    Reset how;
    synchronized (this) {
      if (closed || handle != current || reset == null) {
        return;
      }
      how = reset;
    }
    try {
      how.reset();
    } catch (Exception e) {
      // The client is being closed, or will ask for a handle by itself.
    }
  }

  private void goHomeAfter(Handle handle, long millis) {
    schedule(
        () -> {
          if (isCurrent(handle)) {
            // Asking takes seconds where nobody answers, and a lost connection must not wait for
            // it.
            Thread.ofVirtual().name("coordination-home").start(() -> goHome(handle, millis));
          }
        },
        millis);
  }

  private synchronized boolean isCurrent(Handle handle) {
    return !closed && handle == current;
  }

  private void goHome(Handle handle, long millis) {
    if (handle.order().homeServes(handle.getClientConfig())) {
      schedule(() -> replace(handle), 0);
    } else {
      goHomeAfter(handle, Math.min(HOMING_MILLIS_MAX, 2 * millis));
    }
  }

  @Override
  public void close() {
    synchronized (this) {
      closed = true;
    }
    later.shutdownNow();
  }
}
