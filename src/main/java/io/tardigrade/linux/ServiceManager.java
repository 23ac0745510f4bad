package io.tardigrade.linux;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Tells the service manager that started this process how it fares, in systemd's protocol: one
 * datagram a message, lines of {@code KEY=VALUE}, to the Unix socket that {@code NOTIFY_SOCKET}
 * names; a name beginning with {@code @} is an abstract one. Without the variable nobody is told.
 * One thread at a time.
 *
 * <pre>
 *   READY=1 ⏎ STATUS=text      it serves
 *   STOPPING=1                 it ends
 *   WATCHDOG=1                 it is well; due within WATCHDOG_USEC of the one before
 * </pre>
 */
public final class ServiceManager {
  private static final int NAME_BYTES_MAX = 107;

  private final @Nullable String socket;
  private final long aliveNanos;
  private long toldAliveNanos = System.nanoTime();

  private ServiceManager(@Nullable String socket, long aliveNanos) {
    this.socket = socket;
    this.aliveNanos = aliveNanos;
  }

  /** The one that these variables of the environment name; nobody where they name none. */
  public static ServiceManager of(Map<String, String> environment) {
    @Nullable String socket = environment.get("NOTIFY_SOCKET");
    boolean named = socket != null && (socket.startsWith("/") || socket.startsWith("@"));
    String micros = environment.getOrDefault("WATCHDOG_USEC", "");
    long aliveNanos =
        micros.matches("[1-9]\\d{0,14}")
            ? TimeUnit.MICROSECONDS.toNanos(Long.parseLong(micros)) / 2
            : Long.MAX_VALUE;
    return new ServiceManager(named ? socket : null, aliveNanos);
  }

  /** Whether anybody listens. */
  public boolean isThere() {
    return socket != null;
  }

  /** Tells that this process serves. */
  public void ready(String status) throws IOException {
    tell("READY=1\nSTATUS=" + status.replace('\n', ' '));
  }

  /** Tells that this process ends because it was asked to. */
  public void stopping() throws IOException {
    tell("STOPPING=1");
  }

  /** Tells that this process is well, where that is due; call it often. */
  public void alive() throws IOException {
    long now = System.nanoTime();
    if (now - toldAliveNanos >= aliveNanos) {
      tell("WATCHDOG=1");
      toldAliveNanos = now;
    }
  }

  private void tell(String message) throws IOException {
    if (socket == null) {
      return;
    }
    int fd = Linux.unixDatagramSocket();
    try (Arena arena = Arena.ofConfined()) {
      byte[] name = socket.getBytes(StandardCharsets.UTF_8);
      if (name.length > NAME_BYTES_MAX) {
        throw new IOException("NOTIFY_SOCKET is longer than " + NAME_BYTES_MAX + " bytes");
      }
      // struct sockaddr_un { unsigned short family = AF_UNIX (1); char path[108]; }; an abstract
      // name begins with a zero and ends where the address does.
      MemorySegment address = arena.allocate(110, 8);
      address.set(ValueLayout.JAVA_SHORT, 0, (short) 1);
      MemorySegment.copy(name, 0, address, ValueLayout.JAVA_BYTE, 2, name.length);
      boolean hidden = name[0] == '@';
      if (hidden) {
        address.set(ValueLayout.JAVA_BYTE, 2, (byte) 0);
      }
      int length = hidden ? 2 + name.length : 110;
      Linux.connect(fd, address, length, "connect to the service manager at " + socket);
      MemorySegment text = arena.allocateFrom(message, StandardCharsets.UTF_8);
      long _ = Linux.write(fd, text.asSlice(0, text.byteSize() - 1));
    } finally {
      Linux.close(fd);
    }
  }
}
