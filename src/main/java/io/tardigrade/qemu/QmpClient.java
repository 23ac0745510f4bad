package io.tardigrade.qemu;

import io.tardigrade.linux.Linux;
import io.tardigrade.linux.LinuxException;
import io.tardigrade.linux.UnixSocket;
import java.io.Closeable;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/**
 * A QMP connection to one hypervisor. Commands may be sent back to back and their replies awaited
 * later, which saves a round trip inside a pause. One thread only. Every wait has a deadline and
 * ends at once when the process dies.
 */
public final class QmpClient implements Closeable {
  private static final int LINE_BYTES_MAX = 1 << 20;

  /**
   * Reads of what came in before a deadline that has passed, so that a guardian that was itself
   * held up finds the reply, while a hypervisor that talks without end is not listened to for ever.
   */
  private static final int LATE_READS_MAX = 64;

  private static final int PUMP_READS_MAX = 64;

  private final UnixSocket socket;
  private final Consumer<HypervisorEvent> events;
  private final Arena arena = Arena.ofShared();
  private final MemorySegment received = arena.allocate(65_536);
  // struct pollfd { int fd; short events; short revents; } for the monitor and for the process
  private final MemorySegment pollfds = arena.allocate(16, 8);
  private final Map<Long, QmpMessage> replies = new HashMap<>();
  private byte[] line = new byte[4096];
  private int lineBytes;
  private long lastId;
  private int lateReads;
  private boolean greeted;
  private boolean closed;

  /** An event of the hypervisor: its QMP name and data. */
  public record HypervisorEvent(String name, JsonNode data) {}

  /**
   * Talks over {@code socket}, which is owned from here on.
   *
   * @param pidfd refers to the hypervisor's process; its end ends every wait
   * @param events told every event, on the thread that reads
   */
  public QmpClient(UnixSocket socket, int pidfd, Consumer<HypervisorEvent> events) {
    this.socket = socket;
    this.events = events;
    pollfds.set(ValueLayout.JAVA_INT, 0, socket.fd());
    pollfds.set(ValueLayout.JAVA_SHORT, 4, Linux.POLLIN);
    pollfds.set(ValueLayout.JAVA_INT, 8, pidfd);
    pollfds.set(ValueLayout.JAVA_SHORT, 12, Linux.POLLIN);
  }

  /** The monitor's descriptor, for polling. */
  public int fd() {
    return socket.fd();
  }

  /** Waits for the greeting and enters command mode. */
  public void negotiate(long deadlineNanos) throws IOException {
    while (!greeted) {
      receive(deadlineNanos, "its greeting");
    }
    execute("{\"execute\":\"qmp_capabilities\"", deadlineNanos);
  }

  /**
   * Sends one command without waiting.
   *
   * @param command its JSON object without the closing brace, so that the id can be added
   * @return the id to await
   */
  public long send(String command) throws IOException {
    return send(command, -1);
  }

  private long send(String command, int passedFd) throws IOException {
    long id = ++lastId;
    byte[] bytes = (command + ",\"id\":" + id + "}\n").getBytes(StandardCharsets.UTF_8);
    try (Arena call = Arena.ofConfined()) {
      MemorySegment data = call.allocateFrom(ValueLayout.JAVA_BYTE, bytes);
      if (passedFd < 0) {
        socket.writeFully(data);
      } else {
        socket.writeWithFd(data, passedFd);
      }
    } catch (LinuxException e) {
      throw closed(e);
    }
    return id;
  }

  /** One that dies with commands unread resets the connection instead of closing it. */
  private static HypervisorLostException closed(LinuxException e) {
    return new HypervisorLostException(
        HypervisorLostException.Kind.DIED, "its monitor is closed: " + e.getMessage());
  }

  /** Sends a command and waits for its value. */
  public JsonNode execute(String command, long deadlineNanos) throws IOException {
    return await(send(command), deadlineNanos);
  }

  /** Sends a command with a descriptor attached and waits for its value. */
  public JsonNode executeWithFd(String command, int fd, long deadlineNanos) throws IOException {
    return await(send(command, fd), deadlineNanos);
  }

  /** Waits for the value of a command sent before. */
  public JsonNode await(long id, long deadlineNanos) throws IOException {
    while (true) {
      @Nullable QmpMessage reply = replies.remove(id);
      if (reply instanceof QmpMessage.Reply(long ignored, JsonNode value)) {
        return value;
      }
      if (reply instanceof QmpMessage.Refusal(long ignored, String description)) {
        throw new QmpException("hypervisor refused a command: " + description);
      }
      receive(deadlineNanos, "a reply");
    }
  }

  /** Reads events until {@code condition} holds, which {@code expected} names in errors. */
  public void awaitUntil(BooleanSupplier condition, long deadlineNanos, String expected)
      throws IOException {
    while (!condition.getAsBoolean()) {
      receive(deadlineNanos, expected);
    }
  }

  /** Handles what has arrived, without waiting; of a flood, the first part. */
  public void pump() throws IOException {
    for (int i = 0; i < PUMP_READS_MAX; i++) {
      long n;
      try {
        n = socket.readNow(received);
      } catch (LinuxException e) {
        throw closed(e);
      }
      if (n < 0) {
        return;
      }
      take(n);
    }
  }

  private void receive(long deadlineNanos, String expected) throws IOException {
    long left = deadlineNanos - System.nanoTime();
    int timeoutMillis = (int) Math.max(0, Math.min(60_000, (left + 999_999) / 1_000_000));
    int ready = Linux.poll(pollfds, 2, timeoutMillis);
    lateReads = left > 0 ? 0 : lateReads + 1;
    if (left <= 0 && (ready == 0 || lateReads > LATE_READS_MAX)) {
      throw new HypervisorLostException(
          HypervisorLostException.Kind.HUNG, "it did not send " + expected + " in time");
    }
    if (pollfds.get(ValueLayout.JAVA_SHORT, 6) != 0) {
      long n;
      try {
        n = socket.read(received);
      } catch (LinuxException e) {
        throw closed(e);
      }
      take(n);
    } else if (pollfds.get(ValueLayout.JAVA_SHORT, 14) != 0) {
      throw new HypervisorLostException(HypervisorLostException.Kind.DIED, "its process ended");
    }
  }

  private void take(long n) throws IOException {
    if (n == 0) {
      throw new HypervisorLostException(HypervisorLostException.Kind.DIED, "it closed its monitor");
    }
    for (long i = 0; i < n; i++) {
      byte b = received.get(ValueLayout.JAVA_BYTE, i);
      if (b == '\n') {
        dispatch(new String(line, 0, lineBytes, StandardCharsets.UTF_8).strip());
        lineBytes = 0;
      } else {
        if (lineBytes == LINE_BYTES_MAX) {
          throw new QmpException(
              "hypervisor's monitor sent a line of more than " + LINE_BYTES_MAX + " bytes");
        }
        if (lineBytes == line.length) {
          line = Arrays.copyOf(line, line.length * 2);
        }
        line[lineBytes++] = b;
      }
    }
  }

  private void dispatch(String text) throws QmpException {
    if (text.isEmpty()) {
      return;
    }
    QmpMessage message = QmpMessage.parse(text);
    switch (message) {
      case QmpMessage.Greeting greeting -> greeted = true;
      case QmpMessage.Event event -> events.accept(new HypervisorEvent(event.name(), event.data()));
      case QmpMessage.Reply reply -> keep(reply.id(), reply);
      case QmpMessage.Refusal refusal -> keep(refusal.id(), refusal);
    }
  }

  private void keep(long id, QmpMessage message) throws QmpException {
    if (id < 1 || id > lastId || replies.putIfAbsent(id, message) != null) {
      throw new QmpException(
          "hypervisor's monitor answered a command that was not sent (id " + id + ")");
    }
  }

  @Override
  public void close() {
    if (!closed) {
      closed = true;
      socket.close();
      arena.close();
    }
  }
}
