package io.tardigrade.coordination;

import io.tardigrade.links.ClusterTls;
import io.tardigrade.replication.Coordinator;
import io.tardigrade.replication.HostRoom;
import io.tardigrade.replication.Journal;
import io.tardigrade.replication.View;
import java.io.IOException;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.regex.Pattern;
import org.apache.curator.framework.CuratorFramework;
import org.apache.curator.framework.CuratorFrameworkFactory;
import org.apache.curator.framework.state.ConnectionState;
import org.apache.curator.retry.RetryOneTime;
import org.apache.curator.utils.DefaultZookeeperFactory;
import org.apache.zookeeper.KeeperException.NoNodeException;
import org.apache.zookeeper.KeeperException.NodeExistsException;
import org.apache.zookeeper.client.ZKClientConfig;
import org.jspecify.annotations.Nullable;

/**
 * One host's connection to the cluster's coordination service. It comes back by itself after
 * whatever happened to the service, its session included. Closing it frees all that it holds.
 */
public final class Coordination implements AutoCloseable {
  /** A host that the service has not heard for so long is away. */
  public static final int SESSION_MILLIS = 4_000;

  /**
   * The same of who waits for nothing. A server that is silent for two thirds of it is taken for
   * lost; one that does not take a connection, for this divided by the number of servers.
   */
  public static final int QUICK_SESSION_MILLIS = 2_000;

  /** A request that found no server for so long is lost; who wants it asks again. */
  public static final int CONNECTION_MILLIS_MAX = 1_000;

  private static final int RETRY_MILLIS = 50;
  private static final String GUESTS = "/tardigrade/guests";
  private static final Pattern ID = Pattern.compile("[a-zA-Z0-9][a-zA-Z0-9._-]{0,62}");

  private final CuratorFramework client;
  private final @Nullable Handles handles;
  private final Journal journal;
  private final Set<StoredView> views = ConcurrentHashMap.newKeySet();
  private final Set<HostRegister> registers = ConcurrentHashMap.newKeySet();

  /**
   * Starts to connect, and does not wait for it.
   *
   * @param servers {@code HOST:PORT}, separated by commas; once no server of these answers, those
   *     that the file {@code servers} beside the keys names by then
   * @param tls proves who this host is; read from a host's files
   * @param journal takes what an operator should know, on any thread
   */
  public Coordination(String servers, ClusterTls tls, Journal journal) {
    this(file(servers, tls), SecuredClient.config(tls), SESSION_MILLIS, null, journal);
  }

  /**
   * As {@link #Coordination(String, ClusterTls, Journal)}, for who waits for nothing: a connection
   * is made anew as soon as any server serves, as a new session each time; nodes that live as long
   * as the session are made again by who made them.
   *
   * @param own {@code ADDRESS:PORT} of this host's server, asked before others where it is one of
   *     the servers
   */
  public Coordination(String servers, String own, ClusterTls tls, Journal journal) {
    this(
        file(servers, tls),
        SecuredClient.config(tls),
        QUICK_SESSION_MILLIS,
        new Handles(own, Handles.HOMING_MILLIS),
        journal);
  }

  /** As {@link #Coordination(String, ClusterTls, Journal)}, without proof and in the clear. */
  public Coordination(String servers, Journal journal) {
    this(new ServersFile(servers, null), new ZKClientConfig(), SESSION_MILLIS, null, journal);
  }

  /** As {@link #Coordination(String, String, ClusterTls, Journal)}, without keys of a folder. */
  Coordination(String servers, Handles handles, ZKClientConfig config, Journal journal) {
    this(new ServersFile(servers, null), config, QUICK_SESSION_MILLIS, handles, journal);
  }

  private static ServersFile file(String servers, ClusterTls tls) {
    return new ServersFile(servers, tls.folder().map(f -> f.resolve("servers")).orElse(null));
  }

  private Coordination(
      ServersFile servers,
      ZKClientConfig config,
      int sessionMillis,
      @Nullable Handles handles,
      Journal journal) {
    this.journal = journal;
    this.handles = handles;
    client =
        CuratorFrameworkFactory.builder()
            .ensembleProvider(servers)
            .zookeeperFactory(handles == null ? new DefaultZookeeperFactory() : handles)
            .zkClientConfig(config)
            // What the servers say of themselves goes through the agent, which knows who they are.
            .ensembleTracker(false)
            .sessionTimeoutMs(sessionMillis)
            .connectionTimeoutMs(CONNECTION_MILLIS_MAX)
            .retryPolicy(new RetryOneTime(RETRY_MILLIS))
            .threadFactory(
                task -> Thread.ofPlatform().daemon().name("coordination").unstarted(task))
            .build();
    client.getConnectionStateListenable().addListener((c, state) -> onState(state));
    if (handles != null) {
      handles.resetBy(client.getZookeeperClient()::reset);
    }
    client.start();
  }

  /** The client itself, for what else of a cluster is kept by the service. */
  public CuratorFramework client() {
    return client;
  }

  private void onState(ConnectionState state) {
    switch (state) {
      case SUSPENDED -> journal.say("the coordination service does not answer");
      case LOST -> {
        // Who throws sessions away has not lost any.
        if (handles == null) {
          journal.say("the coordination service has given this host up");
        }
      }
      case CONNECTED, RECONNECTED -> {
        journal.say("connected with the coordination service");
        views.forEach(StoredView::read);
        registers.forEach(HostRegister::lookSoon);
      }
      case READ_ONLY -> {}
    }
  }

  /** Whether the service answers in time. */
  public boolean await(long millis) throws InterruptedException {
    return client.blockUntilConnected(Math.toIntExact(millis), TimeUnit.MILLISECONDS);
  }

  /**
   * Stores the first view of a guest.
   *
   * @param guest an id that no other guest ever had
   * @throws IOException where it has one already, or the service does not answer
   */
  public void create(String guest, View first) throws IOException {
    if (first.number() != 1) {
      throw new IllegalArgumentException(first + ", expected the first one");
    }
    try {
      client.create().creatingParentsIfNeeded().forPath(path(guest), ViewText.encode(first));
    } catch (NodeExistsException e) {
      throw new IOException("guest " + guest + " has a view already", e);
    } catch (Exception e) {
      throw failed("storing the first view of guest " + guest, e);
    }
  }

  /** Forgets a guest; nothing where it is not known. */
  public void delete(String guest) throws IOException {
    try {
      client.delete().deletingChildrenIfNeeded().forPath(folder(guest));
    } catch (NoNodeException e) {
      // That is what was asked for.
    } catch (Exception e) {
      throw failed("forgetting guest " + guest, e);
    }
  }

  /** The ids of all guests that have a view. */
  public List<String> guests() throws IOException {
    try {
      return List.copyOf(client.getChildren().forPath(GUESTS));
    } catch (NoNodeException e) {
      return List.of();
    } catch (Exception e) {
      throw failed("listing guests", e);
    }
  }

  private static IOException failed(String what, Exception e) {
    if (e instanceof InterruptedException) {
      Thread.currentThread().interrupt();
    }
    return new IOException(what + ": the coordination service says " + e.getMessage(), e);
  }

  /**
   * The coordinator of one guest's members.
   *
   * @param answers takes stored views, on a thread of the client that must not be held up
   */
  public Coordinator coordinator(String guest, Consumer<View> answers) {
    StoredView view = new StoredView(client, path(guest), answers, journal, System::nanoTime);
    views.add(view);
    return view;
  }

  /** Gives back what {@link #coordinator} returned; it answers no more. */
  public void release(Coordinator coordinator) {
    if (coordinator instanceof StoredView view && views.remove(view)) {
      view.close();
    }
  }

  /**
   * Makes this host known to the others, from now on and as it was said last, for as long as this
   * connection lives; and tells which hosts there are, whenever that changes.
   *
   * @param hosts takes them all, this one among them, on a thread that must not be held up
   * @return takes what this host says of itself
   */
  public Consumer<HostRoom> register(Consumer<List<HostRoom>> hosts) {
    Consumer<HostInfo> announce =
        registerInfo(all -> hosts.accept(all.stream().map(HostInfo::room).toList()));
    return room -> announce.accept(HostInfo.of(room));
  }

  /** As {@link #register}, with all that a host says of itself. */
  public Consumer<HostInfo> registerInfo(Consumer<List<HostInfo>> hosts) {
    HostRegister register = new HostRegister(client, hosts, journal);
    registers.add(register);
    return register::announce;
  }

  /** What the cluster knows of its guests beside their views. */
  public GuestRegister guestRegister() {
    return new GuestRegister(client);
  }

  /** Which hosts hold nothing of a guest that they should hold. */
  public EmptyHosts emptyHosts() {
    return new EmptyHosts(client);
  }

  /** Which host of the cluster is being repaired. */
  public RepairRegister repairs() {
    return new RepairRegister(client);
  }

  private static String folder(String guest) {
    if (!ID.matcher(guest).matches()) {
      throw new IllegalArgumentException(
          "guest id '" + guest + "', expected up to 63 of a-z A-Z 0-9 . _ -");
    }
    return GUESTS + "/" + guest;
  }

  private static String path(String guest) {
    return folder(guest) + "/view";
  }

  @Override
  public void close() {
    views.forEach(StoredView::close);
    views.clear();
    registers.forEach(HostRegister::close);
    registers.clear();
    if (handles != null) {
      handles.close();
    }
    client.close();
  }
}
