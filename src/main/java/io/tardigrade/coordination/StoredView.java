package io.tardigrade.coordination;

import io.tardigrade.replication.Coordinator;
import io.tardigrade.replication.Journal;
import io.tardigrade.replication.Timeouts;
import io.tardigrade.replication.View;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import org.apache.curator.framework.CuratorFramework;
import org.apache.curator.framework.api.CuratorEvent;
import org.apache.curator.framework.api.CuratorWatcher;
import org.apache.zookeeper.KeeperException.Code;
import org.apache.zookeeper.Watcher.Event.EventType;
import org.jspecify.annotations.Nullable;

/**
 * The view of one guest as it is stored, in one node of ZooKeeper:
 *
 * <pre>
 *   /tardigrade/guests/ID/view      {@link ViewText}; version of the node = number of the view - 1
 * </pre>
 *
 * <p>The node is made with view 1, which is its version 0, and each later view is written over the
 * version of the one before it. ZooKeeper refuses any other, so a compare-and-set is one request
 * that needs no earlier look, and one sent twice is carried out once. For the same reason no id is
 * used for two guests.
 *
 * <p>At most one read and one proposal are on their way: whoever asks again while ZooKeeper is out
 * queues nothing. Calls from any thread; answers come on a thread of the client, and none after
 * {@link #close}.
 */
final class StoredView implements Coordinator, AutoCloseable {
  private final CuratorFramework client;
  private final String path;
  private final Consumer<View> answers;
  private final Journal journal;
  private final LongSupplier nanoClock;
  private final InFlight reads = new InFlight(Timeouts.ANSWER_NANOS_MAX);
  private final InFlight proposals = new InFlight(Timeouts.ANSWER_NANOS_MAX);
  private final CuratorWatcher watcher;
  private volatile boolean closed;
  private volatile String fault = "";

  StoredView(
      CuratorFramework client,
      String path,
      Consumer<View> answers,
      Journal journal,
      LongSupplier nanoClock) {
    this.client = client;
    this.path = path;
    this.answers = answers;
    this.journal = journal;
    this.nanoClock = nanoClock;
    this.watcher =
        event -> {
          if (event.getType() != EventType.None) {
            read();
          }
        };
  }

  /** First the server asked catches up with the others, then it is asked. */
  @Override
  public void read() {
    long askedNanos = nanoClock.getAsLong();
    long number = reads.begin(askedNanos);
    if (number == InFlight.NOT_NOW) {
      return;
    }
    boolean begun =
        begin(() ->
            client
                .sync()
                .inBackground((c, event) -> {
                  if (Code.get(event.getResultCode()) != Code.OK || !get(number, askedNanos)) {
                    endRead(number);
                  }
                })
                .forPath(path));
    if (!begun) {
      reads.end(number);
    }
  }

  private boolean get(long number, long askedNanos) {
    return begin(() ->
        client
            .getData()
            .usingWatcher(watcher)
            .inBackground((c, event) -> {
              try {
                onRead(event, askedNanos);
              } finally {
                endRead(number);
              }
            })
            .forPath(path));
  }

  private void endRead(long number) {
    if (reads.end(number)) {
      read();
    }
  }

  private void onRead(CuratorEvent event, long askedNanos) {
    switch (Code.get(event.getResultCode())) {
      case OK -> {
        View stored = decode(event);
        if (stored != null) {
          answer(stored, askedNanos);
        }
      }
      case NONODE -> answer(View.NONE, askedNanos);
      default -> {}
    }
  }

  private @Nullable View decode(CuratorEvent event) {
    byte[] data = event.getData();
    int version = event.getStat().getVersion();
    try {
      View stored = ViewText.decode(data == null ? new byte[0] : data);
      if (stored.number() - 1 != version) {
        throw new StoredViewException(
            "it is view " + stored.number() + ", and was changed " + version + " times");
      }
      fault = "";
      return stored;
    } catch (StoredViewException e) {
      String found = String.valueOf(e.getMessage());
      if (!found.equals(fault)) {
        fault = found;
        journal.say("what is stored at " + path + " is no view, and is not listened to: " + found);
      }
      return null;
    }
  }

  @Override
  public void propose(View next) {
    byte[] text = ViewText.encode(next);
    int over = Math.toIntExact(next.number() - 2);
    long askedNanos = nanoClock.getAsLong();
    long number = proposals.begin(askedNanos);
    if (number == InFlight.NOT_NOW) {
      return;
    }
    boolean begun =
        begin(() ->
            client
                .setData()
                .withVersion(over)
                .inBackground((c, event) -> {
                  proposals.end(number);
                  onProposed(next, event, askedNanos);
                })
                .forPath(path, text));
    if (!begun) {
      proposals.end(number);
    }
  }

  private void onProposed(View next, CuratorEvent event, long askedNanos) {
    switch (Code.get(event.getResultCode())) {
      case OK -> answer(next, askedNanos);
      case BADVERSION, NONODE -> read();
      default -> {}
    }
  }

  private void answer(View stored, long askedNanos) {
    if (!closed && nanoClock.getAsLong() - askedNanos <= Timeouts.ANSWER_NANOS_MAX) {
      answers.accept(stored);
    }
  }

  /** Something that the client's interface declares to throw anything. */
  @FunctionalInterface
  private interface Request {
    void send() throws Exception;
  }

  /** Whether it is on its way, so that its callback will be called. */
  private boolean begin(Request request) {
    if (closed) {
      return false;
    }
    try {
      request.send();
      return true;
    } catch (Exception e) {
      if (!closed) {
        journal.say("ZooKeeper cannot be asked for " + path + ": " + e);
      }
      return false;
    }
  }

  @Override
  public void close() {
    closed = true;
  }
}
