package io.tardigrade.linux;

import java.io.Closeable;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * A Unix stream socket whose descriptor is ours to poll, and over which descriptors travel
 * (SCM_RIGHTS), neither of which the JDK's channels allow. One reader and one writer thread at a
 * time.
 */
public final class UnixSocket implements Closeable {
  private static final int PATH_BYTES_MAX = 107;
  private static final int MSG_NOSIGNAL = 0x4000;
  private static final int MSG_CMSG_CLOEXEC = 0x40000000;
  private static final int MSG_DONTWAIT = 0x40;

  private final int fd;
  private final AtomicBoolean closed = new AtomicBoolean();

  private UnixSocket(int fd) {
    this.fd = fd;
  }

  /** Listens at {@code path}, replacing a stale socket file there. */
  public static UnixSocket listen(Path path) throws IOException {
    Files.deleteIfExists(path);
    UnixSocket socket = new UnixSocket(Linux.unixSocket());
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment address = address(path, arena);
      Linux.bind(socket.fd, address, (int) address.byteSize(), "bind " + path);
      Linux.listen(socket.fd, 16);
      return socket;
    } catch (IOException e) {
      socket.close();
      throw e;
    }
  }

  /** Connects to the listener at {@code path}. */
  public static UnixSocket connect(Path path) throws IOException {
    UnixSocket socket = new UnixSocket(Linux.unixSocket());
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment address = address(path, arena);
      Linux.connect(socket.fd, address, (int) address.byteSize(), "connect " + path);
      return socket;
    } catch (IOException e) {
      socket.close();
      throw e;
    }
  }

  /** Takes the next connection of a listening socket; blocks. */
  public UnixSocket accept() throws IOException {
    return new UnixSocket(Linux.accept(fd));
  }

  /** The descriptor, for polling. Not to be closed by the caller. */
  public int fd() {
    return fd;
  }

  /** Reads what is there, blocking for the first byte; 0 at end of file. */
  public long read(MemorySegment buffer) throws IOException {
    return Linux.read(fd, buffer);
  }

  /**
   * Reads what is there without blocking: bytes read, 0 at end of file, -1 where nothing is there.
   */
  public long readNow(MemorySegment buffer) throws IOException {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment header = messageHeader(arena, buffer, MemorySegment.NULL, 0);
      return Linux.recvmsg(fd, header, MSG_DONTWAIT);
    } catch (LinuxException e) {
      if (e.errno() == Errno.EAGAIN) {
        return -1;
      }
      throw e;
    }
  }

  /** Writes what fits without blocking: bytes written, -1 where nothing does. */
  public long writeNow(MemorySegment buffer) throws IOException {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment header = messageHeader(arena, buffer, MemorySegment.NULL, 0);
      return Linux.sendmsg(fd, header, MSG_NOSIGNAL | MSG_DONTWAIT);
    } catch (LinuxException e) {
      if (e.errno() == Errno.EAGAIN) {
        return -1;
      }
      throw e;
    }
  }

  /** Writes all of {@code buffer}; blocks while the peer does not read. */
  public void writeFully(MemorySegment buffer) throws IOException {
    long done = 0;
    while (done < buffer.byteSize()) {
      try (Arena arena = Arena.ofConfined()) {
        MemorySegment header = messageHeader(arena, buffer.asSlice(done), MemorySegment.NULL, 0);
        done += Linux.sendmsg(fd, header, MSG_NOSIGNAL);
      }
    }
  }

  /**
   * Writes {@code buffer} with a descriptor attached to its first byte. The caller keeps its own
   * copy of it.
   */
  public void writeWithFd(MemorySegment buffer, int passedFd) throws IOException {
    try (Arena arena = Arena.ofConfined()) {
      // struct cmsghdr { size_t len; int level = SOL_SOCKET (1); int type = SCM_RIGHTS (1); int fd;
      // }, padded to 24
      MemorySegment control = arena.allocate(24, 8);
      control.set(ValueLayout.JAVA_LONG, 0, 20);
      control.set(ValueLayout.JAVA_INT, 8, 1);
      control.set(ValueLayout.JAVA_INT, 12, 1);
      control.set(ValueLayout.JAVA_INT, 16, passedFd);
      long sent = Linux.sendmsg(fd, messageHeader(arena, buffer, control, 24), MSG_NOSIGNAL);
      if (sent < buffer.byteSize()) {
        writeFully(buffer.asSlice(sent));
      }
    }
  }

  /**
   * Receives one byte that may have a descriptor attached.
   *
   * @return the descriptor, owned by the caller, or -1 where the peer sent none
   */
  public int receiveFdOrNone() throws IOException {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment control = arena.allocate(24, 8);
      MemorySegment header = messageHeader(arena, arena.allocate(1), control, 24);
      long n = Linux.recvmsg(fd, header, MSG_CMSG_CLOEXEC);
      boolean attached =
          n == 1
              && header.get(ValueLayout.JAVA_LONG, 40) >= 20
              && control.get(ValueLayout.JAVA_INT, 8) == 1
              && control.get(ValueLayout.JAVA_INT, 12) == 1;
      return attached ? control.get(ValueLayout.JAVA_INT, 16) : -1;
    }
  }

  // struct msghdr: name, namelen, iov, iovlen, control, controllen, flags; 56 bytes on x86-64.
  private static MemorySegment messageHeader(
      Arena arena, MemorySegment data, MemorySegment control, long controlBytes) {
    MemorySegment vector = arena.allocate(16, 8);
    vector.set(ValueLayout.JAVA_LONG, 0, data.address());
    vector.set(ValueLayout.JAVA_LONG, 8, data.byteSize());
    MemorySegment header = arena.allocate(56, 8);
    header.set(ValueLayout.JAVA_LONG, 16, vector.address());
    header.set(ValueLayout.JAVA_LONG, 24, 1);
    header.set(ValueLayout.JAVA_LONG, 32, control.address());
    header.set(ValueLayout.JAVA_LONG, 40, controlBytes);
    return header;
  }

  // struct sockaddr_un { unsigned short family = AF_UNIX (1); char path[108]; }
  private static MemorySegment address(Path path, Arena arena) throws IOException {
    byte[] name = path.toString().getBytes(StandardCharsets.UTF_8);
    if (name.length > PATH_BYTES_MAX) {
      throw new IOException(
          "socket path of "
              + name.length
              + " bytes, at most "
              + PATH_BYTES_MAX
              + " are possible: "
              + path);
    }
    MemorySegment address = arena.allocate(110, 8);
    address.set(ValueLayout.JAVA_SHORT, 0, (short) 1);
    MemorySegment.copy(name, 0, address, ValueLayout.JAVA_BYTE, 2, name.length);
    return address;
  }

  @Override
  public void close() {
    if (closed.compareAndSet(false, true)) {
      Linux.close(fd);
    }
  }
}
