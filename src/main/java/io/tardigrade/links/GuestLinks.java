package io.tardigrade.links;

import io.tardigrade.replication.Journal;
import io.tardigrade.replication.Links;
import io.tardigrade.replication.Message;
import java.net.InetSocketAddress;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * The ways from this host to all others about one guest, a stream each. Closing it ends them all.
 * Any thread.
 */
public final class GuestLinks implements Links, AutoCloseable {
  private static final int LOOK_MILLIS = 250;

  private final Hello hello;
  private final ClusterTls tls;
  private final Function<String, @Nullable InetSocketAddress> addresses;
  private final Journal journal;
  private final Map<String, LinkSender> streams = new ConcurrentHashMap<>();
  private final Thread looks;
  private volatile boolean closed;

  /**
   * Connects with nobody yet.
   *
   * @param guest the id that other hosts know it by
   * @param addresses where a host listens; null where there is no such host
   */
  public GuestLinks(
      String guest,
      ClusterTls tls,
      Function<String, @Nullable InetSocketAddress> addresses,
      Journal journal) {
    this.hello = new Hello(guest);
    this.tls = tls;
    this.addresses = addresses;
    this.journal = journal;
    this.looks = Thread.ofVirtual().name("links-of-" + guest).start(this::look);
  }

  private void look() {
    try {
      while (!closed) {
        Thread.sleep(LOOK_MILLIS);
        long nowNanos = System.nanoTime();
        streams.values().forEach(stream -> stream.look(nowNanos));
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  @Override
  public void send(String host, Message message) {
    LinkSender stream = streams.get(host);
    if (stream == null) {
      if (closed || addresses.apply(host) == null) {
        return;
      }
      stream =
          streams.computeIfAbsent(host, h -> new LinkSender(h, hello, tls, addresses, journal));
    }
    stream.outbox().put(message);
  }

  @Override
  public void close() {
    closed = true;
    looks.interrupt();
    streams.values().forEach(LinkSender::close);
    streams.clear();
  }
}
