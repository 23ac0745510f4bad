package io.tardigrade.links;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;

/** A proxy between two hosts that cuts, holds up and corrupts what goes through it. */
public final class BadWire implements AutoCloseable {
  private final ServerSocket server;
  private final int to;
  private final Set<Socket> open = ConcurrentHashMap.newKeySet();
  final AtomicInteger connections = new AtomicInteger();
  private volatile boolean held;
  private volatile boolean swallows;
  private volatile boolean refuses;
  private volatile int corruptAfterBytes = Integer.MAX_VALUE;

  public BadWire(int to) throws IOException {
    this.to = to;
    server = new ServerSocket(0, 64, InetAddress.getLoopbackAddress());
    Thread.ofVirtual().start(this::accept);
  }

  public InetSocketAddress address() {
    return new InetSocketAddress(InetAddress.getLoopbackAddress(), server.getLocalPort());
  }

  /** Breaks all connections. */
  public void cut() {
    open.forEach(BadWire::close);
  }

  void refuse(boolean all) {
    refuses = all;
  }

  /** Nothing passes, and the sender's buffers fill, as on a wire that is cut; or all does. */
  public void hold(boolean all) {
    held = all;
  }

  /** All is taken and nothing passed on. */
  void swallow(boolean all) {
    swallows = all;
  }

  /** Turns one bit, once so many bytes have come of the next connection. */
  void corruptAfter(int bytes) {
    corruptAfterBytes = bytes;
  }

  private void accept() {
    while (!server.isClosed()) {
      try {
        Socket in = server.accept();
        connections.incrementAndGet();
        if (refuses) {
          in.close();
          continue;
        }
        Socket out = new Socket(InetAddress.getLoopbackAddress(), to);
        open.add(in);
        open.add(out);
        int corrupt = corruptAfterBytes;
        corruptAfterBytes = Integer.MAX_VALUE;
        Thread.ofVirtual().start(() -> pump(in, out, corrupt));
        Thread.ofVirtual().start(() -> pump(out, in, Integer.MAX_VALUE));
      } catch (IOException e) {
        // Closed, or nobody listens there.
      }
    }
  }

  private void pump(Socket from, Socket into, int corruptAfter) {
    byte[] bytes = new byte[16 << 10];
    long passed = 0;
    try (from;
        into) {
      InputStream in = from.getInputStream();
      OutputStream out = into.getOutputStream();
      for (int count = in.read(bytes); count >= 0; count = in.read(bytes)) {
        if (passed <= corruptAfter && corruptAfter < passed + count) {
          bytes[(int) (corruptAfter - passed)] ^= 4;
        }
        passed += count;
        // Before it is passed on: what comes first after the cut is not to slip through.
        while (held) {
          Thread.sleep(5);
        }
        if (!swallows) {
          out.write(bytes, 0, count);
        }
      }
    } catch (IOException | InterruptedException e) {
      // Cut.
    } finally {
      open.remove(from);
      open.remove(into);
    }
  }

  private static void close(Socket socket) {
    try {
      socket.close();
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }

  @Override
  public void close() throws IOException {
    held = false;
    server.close();
    cut();
  }
}
