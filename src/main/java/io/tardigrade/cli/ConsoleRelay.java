package io.tardigrade.cli;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.SocketChannel;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * Carries bytes between a person, or a script, and a guest's console until either leaves.
 *
 * <p>The calling thread carries what is typed; a thread of its own carries what the guest says.
 */
final class ConsoleRelay {
  /** Ctrl-]. */
  static final int DETACH = 0x1d;

  private static final long SILENCE_NANOS = TimeUnit.SECONDS.toNanos(1);
  private static final long POLL_MILLIS = 20;

  private final InputStream in;
  private final OutputStream out;
  private final SocketChannel console;
  private final boolean terminal;
  private final AtomicLong lastHeardNanos = new AtomicLong(System.nanoTime());
  private volatile @Nullable IOException failure;

  /**
   * A relay.
   *
   * @param terminal whether the detach key means anything
   */
  ConsoleRelay(InputStream in, OutputStream out, SocketChannel console, boolean terminal) {
    this.in = in;
    this.out = out;
    this.console = console;
    this.terminal = terminal;
  }

  /** Returns when the console is closed, the detach key typed, or a script's input at its end. */
  void run() throws IOException, InterruptedException {
    Thread listener = Thread.ofPlatform().daemon().name("console-output").start(this::listen);
    while (listener.isAlive()) {
      // Looked at before it is read, so that a console that closes does not wait for a key.
      if (in.available() == 0 && terminal) {
        Thread.sleep(POLL_MILLIS);
        continue;
      }
      if (!type()) {
        break;
      }
    }
    if (!terminal) {
      awaitSilence(listener);
    }
    console.close();
    listener.join();
    IOException failed = failure;
    if (failed != null) {
      throw failed;
    }
  }

  /** Types what is there; false at the end of the input and at the detach key. */
  private boolean type() throws IOException {
    byte[] bytes = new byte[4096];
    int n = in.read(bytes);
    if (n < 0) {
      return false;
    }
    int end = n;
    for (int i = 0; terminal && i < n; i++) {
      if (bytes[i] == DETACH) {
        end = i;
        break;
      }
    }
    ByteBuffer typed = ByteBuffer.wrap(bytes, 0, end);
    try {
      while (typed.hasRemaining()) {
        console.write(typed);
      }
    } catch (ClosedChannelException e) {
      return false;
    }
    lastHeardNanos.set(System.nanoTime());
    return end == n;
  }

  private void awaitSilence(Thread listener) throws InterruptedException {
    while (listener.isAlive() && System.nanoTime() - lastHeardNanos.get() < SILENCE_NANOS) {
      Thread.sleep(POLL_MILLIS);
    }
  }

  private void listen() {
    ByteBuffer heard = ByteBuffer.allocate(8192);
    try {
      while (console.read(heard) >= 0) {
        out.write(heard.array(), 0, heard.position());
        out.flush();
        heard.clear();
        lastHeardNanos.set(System.nanoTime());
      }
    } catch (ClosedChannelException e) {
      // We left.
    } catch (IOException e) {
      failure = e;
    }
  }
}
