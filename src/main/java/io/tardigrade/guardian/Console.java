package io.tardigrade.guardian;

import java.io.Closeable;
import java.io.IOException;
import java.io.OutputStream;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * The guest's serial console: its output is held like frames are, then appended to {@code
 * console.log} (the older half beside it with {@code .1}) and copied to whoever is attached. Not
 * thread-safe but for {@link #attach}, {@link #detach} and {@link #exitStatus}; {@link Output}
 * guards the rest.
 */
final class Console implements Closeable {
  private static final long LOG_BYTES_MAX = 8 << 20;
  private static final int HELD_BYTES_MAX = 4 << 20;
  private static final Pattern EXIT =
      Pattern.compile("tardigrade: program exited with status (\\d{1,3})");

  private final Path file;
  private final List<SocketChannel> attached = new CopyOnWriteArrayList<>();
  private final Deque<Held> closedEpochs = new ArrayDeque<>();
  private FileChannel log;
  private byte[] open = new byte[8192];
  private int openBytes;
  private long heldBytes;
  private final StringBuilder lastLine = new StringBuilder();
  private volatile @Nullable Integer exitStatus;

  private record Held(long epoch, ByteBuffer bytes) {}

  Console(Path file) throws IOException {
    this.file = file;
    this.log = openLog(file);
  }

  private static FileChannel openLog(Path file) throws IOException {
    return FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.APPEND);
  }

  void append(MemorySegment bytes) {
    int n = (int) bytes.byteSize();
    if (heldBytes + openBytes + n > HELD_BYTES_MAX) {
      // A guest that writes this much between two commits loses console text, never memory of ours.
      return;
    }
    if (openBytes + n > open.length) {
      open = Arrays.copyOf(open, Math.max(open.length * 2, openBytes + n));
    }
    MemorySegment.copy(bytes, ValueLayout.JAVA_BYTE, 0, open, openBytes, n);
    openBytes += n;
  }

  boolean hasOpenBytes() {
    return openBytes > 0;
  }

  void closeEpoch(long epoch) {
    if (openBytes > 0) {
      closedEpochs.add(new Held(epoch, ByteBuffer.wrap(Arrays.copyOf(open, openBytes))));
      heldBytes += openBytes;
      openBytes = 0;
    }
  }

  void release(long epoch) throws IOException {
    while (!closedEpochs.isEmpty() && closedEpochs.getFirst().epoch() <= epoch) {
      byte[] bytes = closedEpochs.removeFirst().bytes().array();
      heldBytes -= bytes.length;
      emit(bytes);
    }
  }

  void releaseAll() throws IOException {
    closeEpoch(Long.MAX_VALUE);
    release(Long.MAX_VALUE);
  }

  void dropUncommitted() {
    closedEpochs.clear();
    heldBytes = 0;
    openBytes = 0;
  }

  private void emit(byte[] bytes) throws IOException {
    if (log.size() > LOG_BYTES_MAX) {
      log.close();
      Files.move(
          file,
          file.resolveSibling(file.getFileName() + ".1"),
          StandardCopyOption.REPLACE_EXISTING);
      log = openLog(file);
    }
    ByteBuffer buffer = ByteBuffer.wrap(bytes);
    while (buffer.hasRemaining()) {
      log.write(buffer);
    }
    noteExitStatus(bytes);
    for (SocketChannel client : attached) {
      buffer.rewind();
      try {
        // Never wait for a terminal: what it does not take now it misses, and finds in the log.
        client.write(buffer);
      } catch (IOException e) {
        detach(client);
      }
    }
  }

  private void noteExitStatus(byte[] bytes) {
    for (byte b : bytes) {
      if (b == '\n') {
        Matcher matcher = EXIT.matcher(lastLine);
        if (matcher.find()) {
          exitStatus = Integer.parseInt(matcher.group(1));
        }
        lastLine.setLength(0);
      } else if (lastLine.length() < 256) {
        lastLine.append((char) (b & 0xff));
      }
    }
  }

  /** The exit status that the guest's init reported last, or null. */
  @Nullable Integer exitStatus() {
    return exitStatus;
  }

  /** Copies output to {@code client}, a non-blocking channel, from now on. */
  void attach(SocketChannel client) {
    attached.add(client);
  }

  void detach(SocketChannel client) {
    attached.remove(client);
  }

  @Override
  public void close() throws IOException {
    log.close();
    for (SocketChannel client : attached) {
      client.close();
    }
  }

  /** Writes a line of ours into the log, for what the guest cannot say itself. */
  void note(String text) throws IOException {
    try (OutputStream out = Files.newOutputStream(file, StandardOpenOption.APPEND)) {
      out.write(("tardigrade: " + text + "\n").getBytes(StandardCharsets.UTF_8));
    }
  }
}
