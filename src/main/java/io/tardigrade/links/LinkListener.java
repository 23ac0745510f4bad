package io.tardigrade.links;

import io.tardigrade.replication.Journal;
import io.tardigrade.replication.Message;
import io.tardigrade.replication.WireException;
import io.tardigrade.replication.WireFormat;
import java.io.BufferedInputStream;
import java.io.DataInputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Semaphore;
import javax.net.ssl.SSLSocket;

/**
 * Listens for streams of other hosts. Whoever has no certificate of the cluster, speaks another
 * protocol or says what is no message is hung up on, and holds up nobody else; strangers take a
 * bounded share of memory and threads. A host's newest stream about a guest replaces the one
 * before.
 */
public final class LinkListener implements AutoCloseable {
  /** Streams that have not proved yet whose they are; more are hung up on at once. */
  static final int STRANGERS_MAX = 32;

  /** Within so long a stream must have proved whose it is and said what it is about. */
  static final int STRANGER_MILLIS_MAX = 8_000;

  /** Streams of other hosts, of all guests together. */
  static final int STREAMS_MAX = 512;

  /** A stream with nothing to say is closed by who listens, after longer than by who speaks. */
  static final int IDLE_MILLIS_MAX = 2 * LinkSender.IDLE_MILLIS_MAX;

  private static final int BACKLOG = 64;

  private final ServerSocket server;
  private final ClusterTls tls;
  private final Inbox inbox;
  private final Journal journal;
  private final Semaphore strangers = new Semaphore(STRANGERS_MAX);
  private final Semaphore streams = new Semaphore(STREAMS_MAX);
  private final Set<Socket> open = ConcurrentHashMap.newKeySet();
  private final Map<From, Socket> newest = new ConcurrentHashMap<>();
  private volatile boolean closed;

  private record From(String host, String guest) {}

  /** Listens from now on. */
  public LinkListener(InetSocketAddress at, ClusterTls tls, Inbox inbox, Journal journal)
      throws IOException {
    this.tls = tls;
    this.inbox = inbox;
    this.journal = journal;
    server = new ServerSocket();
    server.setReuseAddress(true);
    try {
      server.bind(at, BACKLOG);
    } catch (IOException e) {
      server.close();
      throw new IOException("cannot listen for other hosts at " + at + ": " + e.getMessage(), e);
    }
    Thread.ofVirtual().name("links-accept").start(this::accept);
  }

  /** Where it listens. */
  public int port() {
    return server.getLocalPort();
  }

  private void accept() {
    while (!closed) {
      try {
        Socket socket = server.accept();
        if (!strangers.tryAcquire()) {
          hangUp(socket);
          continue;
        }
        open.add(socket);
        Thread.ofPlatform().name("link-in").daemon().start(() -> serve(socket));
      } catch (IOException e) {
        if (!closed) {
          journal.say("a link cannot be accepted: " + e.getMessage());
          pause();
        }
      }
    }
  }

  /** Descriptors may have run out: there is no use in asking for one at once. */
  private static void pause() {
    try {
      Thread.sleep(100);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void serve(Socket socket) {
    Thread patience = Thread.ofVirtual().start(() -> hangUpAfter(socket));
    boolean stranger = true;
    try (socket) {
      socket.setTcpNoDelay(true);
      SSLSocket secured = tls.server(socket);
      String host = ClusterTls.peer(secured);
      DataInputStream in =
          new DataInputStream(new BufferedInputStream(secured.getInputStream(), 64 << 10));
      From from = new From(host, Hello.read(in).guest());
      patience.interrupt();
      strangers.release();
      stranger = false;
      if (inbox.admits(from.host(), from.guest()) && streams.tryAcquire()) {
        try {
          listen(from, socket, in, secured.getOutputStream());
        } finally {
          streams.release();
        }
      }
    } catch (WireException e) {
      journal.say("hung up on " + socket.getInetAddress() + ": " + e.getMessage());
    } catch (IOException e) {
      // Streams end, and strangers come and go: their senders say why.
    } finally {
      patience.interrupt();
      open.remove(socket);
      if (stranger) {
        strangers.release();
      }
    }
  }

  private static void hangUpAfter(Socket socket) {
    try {
      Thread.sleep(STRANGER_MILLIS_MAX);
      hangUp(socket);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void listen(From from, Socket socket, DataInputStream in, OutputStream answers)
      throws IOException, WireException {
    Socket before = newest.put(from, socket);
    if (before != null) {
      hangUp(before);
    }
    try {
      socket.setSoTimeout(IDLE_MILLIS_MAX);
      while (!closed) {
        inbox.take(from.guest(), from.host(), read(in));
        if (in.available() == 0) {
          answers.write(1);
        }
      }
    } catch (WireException e) {
      throw new WireException(
          from.host() + " says about " + from.guest() + " what is no message: " + e.getMessage());
    } finally {
      newest.remove(from, socket);
    }
  }

  /** The next message. Nothing is allocated for one whose head is wrong. */
  static Message read(DataInputStream in) throws IOException, WireException {
    byte[] head = new byte[WireFormat.HEAD_BYTES];
    in.readFully(head);
    byte[] bytes = new byte[WireFormat.messageBytes(ByteBuffer.wrap(head))];
    System.arraycopy(head, 0, bytes, 0, head.length);
    in.readFully(bytes, head.length, bytes.length - head.length);
    return WireFormat.decode(ByteBuffer.wrap(bytes));
  }

  private static void hangUp(Socket socket) {
    try {
      socket.close();
    } catch (IOException e) {
      // It is of no use any longer, whether it can be closed or not.
    }
  }

  @Override
  public void close() throws IOException {
    closed = true;
    server.close();
    open.forEach(LinkListener::hangUp);
  }
}
