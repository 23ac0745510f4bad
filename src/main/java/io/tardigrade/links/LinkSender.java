package io.tardigrade.links;

import io.tardigrade.replication.Journal;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.util.function.Function;
import javax.net.ssl.SSLSocket;
import org.jspecify.annotations.Nullable;

/**
 * The way out to one host, about one guest. Connects when there is something to say, and again when
 * the connection broke, waiting longer each time that fails. What waited for a connection that
 * breaks is lost.
 *
 * <p>A host that does not answer while it is sent to is taken for gone by {@link #look}, since TCP
 * would go on trying for minutes, in ever longer gaps.
 */
final class LinkSender implements AutoCloseable {
  /** What is not answered for so long breaks the connection. */
  static final long ANSWER_NANOS_MAX = 2_000_000_000L;

  /** A connection is given up where it is not there by then, or as long again not secured. */
  static final int CONNECT_MILLIS_MAX = 4_000;

  /** A connection with nothing to say is closed. */
  static final int IDLE_MILLIS_MAX = 30_000;

  private static final int PAUSE_MILLIS_MIN = 25;
  private static final int PAUSE_MILLIS_MAX = 1_000;
  private static final int CHUNK_BYTES = 64 << 10;

  private final String host;
  private final Hello hello;
  private final ClusterTls tls;
  private final Function<String, @Nullable InetSocketAddress> addresses;
  private final Journal journal;
  private final Outbox outbox = new Outbox();
  private final Thread thread;
  private volatile @Nullable Socket raw;
  private volatile boolean writing;

  /** Something was sent since the last answer. */
  private volatile boolean unanswered;

  private volatile long progressNanos;
  private volatile boolean closed;
  private volatile boolean answered;
  private volatile String trouble = "";

  LinkSender(
      String host,
      Hello hello,
      ClusterTls tls,
      Function<String, @Nullable InetSocketAddress> addresses,
      Journal journal) {
    this.host = host;
    this.hello = hello;
    this.tls = tls;
    this.addresses = addresses;
    this.journal = journal;
    this.thread = Thread.ofPlatform().name("link-to-" + host).daemon().start(this::run);
  }

  Outbox outbox() {
    return outbox;
  }

  private void run() {
    int pauseMillis = PAUSE_MILLIS_MIN;
    ByteBuffer next = null;
    try {
      while (!closed) {
        ByteBuffer first = next == null ? outbox.take(IDLE_MILLIS_MAX) : next;
        if (first == null) {
          continue;
        }
        answered = false;
        next = speak(first);
        if (next == null) {
          outbox.clear();
        }
        pauseMillis = answered ? PAUSE_MILLIS_MIN : Math.min(2 * pauseMillis, PAUSE_MILLIS_MAX);
        Thread.sleep(pauseMillis);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /**
   * One connection, from its beginning to its end.
   *
   * @return what is to be said first over the next one; null where all is lost
   */
  private @Nullable ByteBuffer speak(ByteBuffer first) throws InterruptedException {
    InetSocketAddress address = addresses.apply(host);
    if (address == null) {
      trouble("its address is not known");
      return null;
    }
    try (Socket socket = new Socket()) {
      raw = socket;
      // Proving who one is takes longer than an answer, on a host under load much longer.
      progressNanos = System.nanoTime() + 2 * CONNECT_MILLIS_MAX * 1_000_000L - ANSWER_NANOS_MAX;
      writing = true;
      if (closed) {
        return null;
      }
      socket.setTcpNoDelay(true);
      socket.connect(address, CONNECT_MILLIS_MAX);
      SSLSocket secured = tls.client(socket);
      String there = ClusterTls.peer(secured);
      if (!there.equals(host)) {
        throw new IOException("there is " + there);
      }
      OutputStream out = secured.getOutputStream();
      InputStream answers = secured.getInputStream();
      Thread.ofPlatform().name("answers-of-" + host).daemon().start(() -> listen(answers, socket));
      out.write(hello.encode());
      for (ByteBuffer next = first; next != null; next = outbox.take(IDLE_MILLIS_MAX)) {
        if (socket.isClosed()) {
          return next;
        }
        write(out, next);
      }
    } catch (IOException e) {
      trouble(String.valueOf(e.getMessage()));
    } finally {
      raw = null;
      writing = false;
      unanswered = false;
    }
    return null;
  }

  private void write(OutputStream out, ByteBuffer message) throws IOException {
    if (!unanswered) {
      progressNanos = System.nanoTime();
    }
    writing = true;
    unanswered = true;
    while (message.hasRemaining()) {
      int count = Math.min(CHUNK_BYTES, message.remaining());
      out.write(message.array(), message.arrayOffset() + message.position(), count);
      message.position(message.position() + count);
      if (message.hasRemaining()) {
        // Short messages do not count: the system takes many of them, whoever is there.
        progressNanos = System.nanoTime();
      }
    }
    writing = false;
  }

  /** Until the connection ends; which side ends it does not matter. */
  private void listen(InputStream answers, Socket of) {
    byte[] bytes = new byte[256];
    try {
      while (answers.read(bytes) > 0) {
        if (of.equals(raw)) {
          progressNanos = System.nanoTime();
          unanswered = false;
          answered = true;
          trouble = "";
        }
      }
      abort(of);
    } catch (IOException e) {
      abort(of);
    }
  }

  private static void abort(Socket socket) {
    try {
      socket.close();
    } catch (IOException e) {
      // It is of no use any longer, whether it can be closed or not.
    }
  }

  /** To be called often: breaks a connection that leaves what it is sent unanswered. */
  void look(long nowNanos) {
    Socket socket = raw;
    if (socket != null && (writing || unanswered) && nowNanos - progressNanos > ANSWER_NANOS_MAX) {
      abort(socket);
    }
  }

  private void trouble(String what) {
    if (!closed && !what.equals(trouble)) {
      trouble = what;
      journal.say("no link to " + host + ": " + what);
    }
  }

  @Override
  public void close() {
    closed = true;
    outbox.close();
    Socket socket = raw;
    if (socket != null) {
      abort(socket);
    }
    thread.interrupt();
  }
}
