package io.tardigrade.block;

import io.tardigrade.linux.Linux;
import java.io.Closeable;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.locks.LockSupport;

/**
 * Serves volumes to one hypervisor over a Unix socket, by the NBD protocol ({@link NbdWire}). One
 * server per hypervisor process: closing it is how a dead hypervisor's last writes are fenced off
 * before a rollback. Each connection has a thread of its own, which never waits for a checkpoint.
 */
public final class NbdServer implements Closeable {
  private static final System.Logger LOG = System.getLogger(NbdServer.class.getName());
  private static final int CONNECTIONS_MAX = 64;
  private static final long RETRY_NANOS = 100_000_000;
  private static final Duration CLOSE_MAX = Duration.ofSeconds(10);

  private final Path socket;
  private final Map<String, Export> exports;
  private final ServerSocketChannel listener;
  private final Map<SocketChannel, Thread> connections = new LinkedHashMap<>();
  private volatile boolean closed;

  private NbdServer(Path socket, Map<String, Export> exports, ServerSocketChannel listener) {
    this.socket = socket;
    this.exports = Map.copyOf(exports);
    this.listener = listener;
  }

  /**
   * Listens at {@code socket}, replacing a stale socket file there.
   *
   * @param ownerUid user that may connect besides root; -1 for the user this process runs as
   */
  public static NbdServer listen(Path socket, Map<String, Export> exports, int ownerUid)
      throws IOException {
    Files.deleteIfExists(socket);
    ServerSocketChannel listener = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
    try {
      listener.bind(UnixDomainSocketAddress.of(socket));
      Files.setPosixFilePermissions(socket, PosixFilePermissions.fromString("rw-------"));
      if (ownerUid >= 0) {
        Linux.chown(socket, ownerUid, -1);
      }
    } catch (IOException e) {
      listener.close();
      throw new IOException("cannot serve disks at " + socket + ": " + e.getMessage(), e);
    }
    NbdServer server = new NbdServer(socket, exports, listener);
    Thread.ofPlatform().daemon().name("nbd-accept").start(server::accept);
    return server;
  }

  private void accept() {
    while (!closed) {
      try {
        SocketChannel channel = listener.accept();
        if (!start(channel)) {
          channel.close();
        }
      } catch (ClosedChannelException e) {
        return;
      } catch (IOException e) {
        // Out of descriptors, say: that passes, and the spare hypervisor needs its connection.
        LOG.log(
            System.Logger.Level.ERROR,
            "disk server at " + socket + " cannot take a connection: " + e.getMessage());
        LockSupport.parkNanos(RETRY_NANOS);
      }
    }
  }

  private synchronized boolean start(SocketChannel channel) {
    if (closed || connections.size() >= CONNECTIONS_MAX) {
      return false;
    }
    Thread thread = Thread.ofPlatform().daemon().name("nbd").unstarted(() -> serve(channel));
    connections.put(channel, thread);
    thread.start();
    return true;
  }

  private void serve(SocketChannel channel) {
    try (channel) {
      NbdStream stream = new NbdStream(channel);
      NbdHandshake.Agreed agreed = new NbdHandshake(stream, exports).run();
      if (agreed != null) {
        new NbdTransmission(stream, agreed, () -> closed).run();
      }
    } catch (IOException e) {
      if (!closed) {
        LOG.log(System.Logger.Level.INFO, "disk connection at " + socket + " ended: " + e);
      }
    } catch (RuntimeException | Error e) {
      LOG.log(System.Logger.Level.ERROR, "disk connection at " + socket + " failed", e);
      throw e;
    } finally {
      synchronized (this) {
        connections.remove(channel);
      }
    }
  }

  /**
   * Closes listener and connections. When this returns no request of theirs touches a volume any
   * more.
   *
   * @throws IOException where one still did after 10 seconds; the volumes must not be rolled back
   *     then
   */
  @Override
  public void close() throws IOException {
    List<Map.Entry<SocketChannel, Thread>> left;
    synchronized (this) {
      closed = true;
      left = new ArrayList<>(connections.entrySet());
    }
    listener.close();
    Files.deleteIfExists(socket);
    for (Map.Entry<SocketChannel, Thread> connection : left) {
      connection.getKey().close();
    }
    long endNanos = System.nanoTime() + CLOSE_MAX.toNanos();
    for (Map.Entry<SocketChannel, Thread> connection : left) {
      join(connection.getValue(), endNanos);
    }
  }

  private void join(Thread handler, long endNanos) throws IOException {
    boolean interrupted = false;
    try {
      while (handler.isAlive()) {
        Duration rest = Duration.ofNanos(Math.max(1, endNanos - System.nanoTime()));
        try {
          if (!handler.join(rest)) {
            throw new IOException(
                "a disk request at "
                    + socket
                    + " did not end within "
                    + CLOSE_MAX.toSeconds()
                    + " s; the storage beneath it hangs");
          }
        } catch (InterruptedException e) {
          interrupted = true;
        }
      }
    } finally {
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }
}
