package io.tardigrade.incident;

import io.tardigrade.guest.Json;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.time.Instant;
import java.time.InstantSource;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;

/**
 * What happened on this host, one JSON object a line, appended by any process:
 *
 * <pre>{"at":"2026-11-22T18:15:03.120Z","guest":"kv","type":"recovered","message":"…"}
 * </pre>
 *
 * A line is at most 4 KiB and is written by a single call, under a lock that is held for that call
 * alone. What a writer that died left of a line is skipped by readers. At 8 MiB the file becomes
 * {@code events.jsonl.1} and a new one begins. Safe for use by several threads and processes.
 */
public final class EventLog {
  private static final int LINE_BYTES_MAX = 4096;
  private static final int MESSAGE_CHARS_MAX = 1000;
  private static final int WORD_CHARS_MAX = 64;
  private static final long FILE_BYTES_MAX = 8L << 20;
  private static final long FOLLOW_MILLIS = 200;

  /** File locks are held per process: its threads need one of their own. */
  private static final ReentrantLock IN_PROCESS = new ReentrantLock();

  private final Path file;
  private final long fileBytesMax;
  private final InstantSource clock;

  /** The log in {@code file}, which is made with the first event. */
  public EventLog(Path file) {
    this(file, FILE_BYTES_MAX, InstantSource.system());
  }

  EventLog(Path file, long fileBytesMax, InstantSource clock) {
    this.file = file;
    this.fileBytesMax = fileBytesMax;
    this.clock = clock;
  }

  /** Adds an event that happened now; a message that is too long is cut. */
  public void append(String guest, String type, String message) throws IOException {
    byte[] line =
        line(
            new Event(
                now(),
                cut(guest, WORD_CHARS_MAX),
                cut(type, WORD_CHARS_MAX),
                cut(message, MESSAGE_CHARS_MAX)));
    Files.createDirectories(file.toAbsolutePath().getParent());
    IN_PROCESS.lock();
    try (FileChannel gate =
            FileChannel.open(
                file.resolveSibling(file.getFileName() + ".lock"),
                StandardOpenOption.CREATE,
                StandardOpenOption.WRITE);
        FileLock _ = gate.lock()) {
      write(line);
    } finally {
      IN_PROCESS.unlock();
    }
  }

  private Instant now() {
    return clock.instant().truncatedTo(ChronoUnit.MILLIS);
  }

  private static String cut(String text, int charsMax) {
    String line = text.strip().replaceAll("[\\p{Cntrl}]+", " ");
    return line.length() <= charsMax ? line : line.substring(0, charsMax) + "…";
  }

  private static byte[] line(Event event) {
    byte[] line = (Json.line(event) + "\n").getBytes(StandardCharsets.UTF_8);
    if (line.length > LINE_BYTES_MAX) {
      String half = event.message().substring(0, event.message().length() / 2) + "…";
      return line(new Event(event.at(), event.guest(), event.type(), half));
    }
    return line;
  }

  private void write(byte[] line) throws IOException {
    if (Files.exists(file) && Files.size(file) + line.length > fileBytesMax) {
      Files.move(file, older(), StandardCopyOption.ATOMIC_MOVE);
    }
    try (FileChannel channel =
        FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.APPEND)) {
      // A line that a writer could not finish must not swallow ours.
      byte[] bytes = endsWhole() ? line : concat("\n".getBytes(StandardCharsets.UTF_8), line);
      ByteBuffer buffer = ByteBuffer.wrap(bytes);
      while (buffer.hasRemaining()) {
        channel.write(buffer);
      }
    }
  }

  private boolean endsWhole() throws IOException {
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
      ByteBuffer last = ByteBuffer.allocate(1);
      return channel.size() == 0
          || (channel.read(last, channel.size() - 1) == 1 && last.get(0) == '\n');
    }
  }

  private static byte[] concat(byte[] a, byte[] b) {
    return ByteBuffer.allocate(a.length + b.length).put(a).put(b).array();
  }

  private Path older() {
    return file.resolveSibling(file.getFileName() + ".1");
  }

  /** All events that are still there, oldest first. */
  public List<Event> read() throws IOException {
    List<Event> events = new ArrayList<>();
    for (Path part : List.of(older(), file)) {
      new Reader(part).drain(events::add);
    }
    return events;
  }

  /**
   * Hands over the events that are there and then each new one, until the thread is interrupted.
   */
  public void follow(Consumer<Event> consumer) throws IOException {
    new Reader(older()).drain(consumer);
    Reader reader = new Reader(file);
    try {
      while (!Thread.currentThread().isInterrupted()) {
        if (reader.isReplaced()) {
          // What was added between our last look and the change of files is in the older one.
          new Reader(older(), reader.position).drain(consumer);
          reader = new Reader(file);
        }
        reader.drain(consumer);
        Thread.sleep(FOLLOW_MILLIS);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** Reads whole lines from where it left off. */
  private static final class Reader {
    private final Path path;
    private long position;
    private Object key = "";

    Reader(Path path) {
      this(path, 0);
    }

    Reader(Path path, long position) {
      this.path = path;
      this.position = position;
    }

    boolean isReplaced() throws IOException {
      return !key.equals("") && !key.equals(currentKey());
    }

    private Object currentKey() throws IOException {
      try {
        Object found =
            Files.readAttributes(path, java.nio.file.attribute.BasicFileAttributes.class).fileKey();
        return found == null ? "" : found;
      } catch (NoSuchFileException e) {
        return "";
      }
    }

    void drain(Consumer<Event> consumer) throws IOException {
      try (FileChannel channel = FileChannel.open(path, StandardOpenOption.READ)) {
        key = currentKey();
        long end = channel.size();
        if (end <= position) {
          return;
        }
        ByteBuffer bytes = ByteBuffer.allocate((int) Math.min(end - position, 2 * FILE_BYTES_MAX));
        while (bytes.hasRemaining() && channel.read(bytes, position + bytes.position()) > 0) {
          // Until all that was there is read.
        }
        deliver(bytes.array(), bytes.position(), consumer);
      } catch (NoSuchFileException e) {
        // Nothing has happened yet.
      }
    }

    private void deliver(byte[] bytes, int length, Consumer<Event> consumer) {
      int from = 0;
      for (int i = 0; i < length; i++) {
        if (bytes[i] == '\n') {
          parse(new String(bytes, from, i - from, StandardCharsets.UTF_8), consumer);
          from = i + 1;
        }
      }
      position += from;
    }

    private static void parse(String line, Consumer<Event> consumer) {
      Event event;
      try {
        event = Json.parse("event", line, Event.class);
      } catch (IOException torn) {
        // The rest of a line whose writer died.
        return;
      }
      consumer.accept(event);
    }
  }
}
