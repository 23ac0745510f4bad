package io.tardigrade.cluster;

import io.tardigrade.links.ClusterTls;
import io.tardigrade.replication.Journal;
import java.io.DataInputStream;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.security.GeneralSecurityException;
import java.util.concurrent.Semaphore;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocket;

/**
 * Answers machines that join. It is open only while a token is good, for those who come have
 * nothing else to show: few at a time, and each for a short time. Any thread.
 */
public final class JoinListener implements AutoCloseable {
  static final int STRANGERS_MAX = 8;
  static final int STRANGER_MILLIS_MAX = 10_000;
  private static final int BACKLOG = 16;

  private final Admission admission;
  private final SSLContext tls;
  private final Journal journal;
  private final ServerSocket server;
  private final Semaphore strangers = new Semaphore(STRANGERS_MAX);
  private volatile boolean closed;

  /** Opens it. */
  public JoinListener(ClusterConfig config, ClusterTls tls, Admission admission, Journal journal)
      throws IOException {
    this.admission = admission;
    this.journal = journal;
    try {
      this.tls = tls.context(false);
    } catch (GeneralSecurityException e) {
      throw new IOException("TLS for those who join: " + e.getMessage(), e);
    }
    server = new ServerSocket();
    server.setReuseAddress(true);
    InetSocketAddress at =
        new InetSocketAddress(config.address(), Admission.joinPort(config.port()));
    try {
      server.bind(at, BACKLOG);
    } catch (IOException e) {
      server.close();
      throw new IOException("cannot listen at " + at + " for hosts: " + e.getMessage(), e);
    }
    Thread.ofVirtual().name("join-accept").start(this::accept);
  }

  private void accept() {
    while (!closed) {
      try {
        Socket socket = server.accept();
        if (!strangers.tryAcquire()) {
          socket.close();
          continue;
        }
        Thread.ofVirtual().name("join").start(() -> serve(socket));
      } catch (IOException e) {
        if (!closed) {
          journal.say("a machine that joins cannot be heard: " + e.getMessage());
          pause();
        }
      }
    }
  }

  private static void pause() {
    try {
      Thread.sleep(100);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void serve(Socket socket) {
    Thread patience = Thread.ofVirtual().start(() -> hangUpAfter(socket));
    try (socket) {
      SSLSocket secured = (SSLSocket) tls.getSocketFactory().createSocket(socket, null, true);
      secured.setEnabledProtocols(new String[] {"TLSv1.3"});
      secured.startHandshake();
      JoinMessages.Request request =
          JoinMessages.read(
              new DataInputStream(secured.getInputStream()),
              "what a machine that joins says",
              JoinMessages.Request.class);
      JoinMessages.Answer answer = admission.answer(request);
      journal.say(
          "machine "
              + socket.getInetAddress().getHostAddress()
              + (answer.refused() == null
                  ? " joins as " + answer.role() + " '" + request.name() + "'"
                  : " may not join: " + answer.refused()));
      JoinMessages.write(secured.getOutputStream(), answer);
    } catch (IOException | RuntimeException e) {
      // A stranger, or one that has gone: it knows why.
    } finally {
      patience.interrupt();
      strangers.release();
    }
  }

  private static void hangUpAfter(Socket socket) {
    try {
      Thread.sleep(STRANGER_MILLIS_MAX);
      socket.close();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } catch (IOException e) {
      // It is closed.
    }
  }

  @Override
  public void close() throws IOException {
    closed = true;
    server.close();
  }
}
