package io.tardigrade.network;

import io.tardigrade.linux.Errno;
import io.tardigrade.linux.Linux;
import io.tardigrade.linux.LinuxException;
import java.io.Closeable;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * A TAP device: the host's end of a guest's network card. It is persistent, so it stays on its
 * bridge while a guardian is restarted; only {@link #delete} ends it. Frames are whole Ethernet
 * frames without checksum, without any header before them.
 *
 * <pre>
 * struct ifreq   offset  0  char name[16]   NUL-terminated
 *                       16  short flags     IFF_TAP | IFF_NO_PI
 *                       18  22 bytes unused
 * </pre>
 *
 * <p>The bridge sends a guest's frames back to it where they are for itself ({@link
 * HostNetwork#attach}); of its broadcasts that must not happen, or it would take its own address
 * for taken (IPv6 duplicate address detection), so reading skips them.
 *
 * <p>One reader and one writer thread at a time.
 */
public final class Tap implements FrameSource, Closeable {
  /** The longest name the kernel takes for a device. */
  public static final int NAME_CHARS_MAX = 15;

  private static final int ETHERNET_BYTES = 14;
  private static final ValueLayout.OfLong BIG_LONG =
      ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);
  private static final Path DEVICE = Path.of("/dev/net/tun");
  private static final long TUNSETIFF = 0x400454caL;
  private static final long TUNSETPERSIST = 0x400454cbL;
  private static final short IFF_TAP = 0x0002;
  private static final short IFF_NO_PI = 0x1000;

  private final String name;
  private final Mac guest;
  private final int fd;
  private final AtomicBoolean closed = new AtomicBoolean();

  private Tap(String name, Mac guest, int fd) {
    this.name = name;
    this.guest = guest;
    this.fd = fd;
  }

  /**
   * Opens the TAP device called {@code name}, creating it where there is none. It must be put on a
   * bridge and set up once ({@link HostNetwork#attach}).
   *
   * @param guest the hardware address of the guest behind it
   * @throws IOException where the name is not possible, is that of another kind of device, or the
   *     device is held by another process
   */
  public static Tap open(String name, Mac guest) throws IOException {
    if (name.length() > NAME_CHARS_MAX || !name.matches("[A-Za-z0-9_.-]+")) {
      throw new IOException(
          "'" + name + "' cannot name a TAP device, expected 1 to 15 letters, digits or '-'");
    }
    int fd = openDevice();
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment request = arena.allocate(40, 8);
      request.setString(0, name);
      request.set(ValueLayout.JAVA_SHORT, 16, (short) (IFF_TAP | IFF_NO_PI));
      // SAFETY: TUNSETIFF reads and writes one struct ifreq, 40 bytes.
      Linux.ioctl("TUNSETIFF " + name, fd, TUNSETIFF, request);
      setPersistent(fd, 1);
      return new Tap(name, guest, fd);
    } catch (LinuxException e) {
      Linux.close(fd);
      throw explain(name, e);
    }
  }

  private static int openDevice() throws IOException {
    try {
      return Linux.open(DEVICE, Linux.O_RDWR | Linux.O_NONBLOCK);
    } catch (LinuxException e) {
      throw new IOException(
          "cannot open " + DEVICE + " (" + Errno.name(e.errno()) + "): is the module 'tun' loaded?",
          e);
    }
  }

  private static void setPersistent(int fd, long on) throws LinuxException {
    // SAFETY: TUNSETPERSIST takes its argument by value; the address is never dereferenced.
    Linux.ioctl("TUNSETPERSIST", fd, TUNSETPERSIST, MemorySegment.ofAddress(on));
  }

  private static IOException explain(String name, LinuxException e) {
    String why =
        switch (e.errno()) {
          case Errno.EBUSY -> "it is held by another process";
          case Errno.EINVAL -> "a device of that name exists that is no TAP device";
          case Errno.EPERM -> "root is needed";
          default -> Errno.name(e.errno());
        };
    return new IOException("cannot open TAP device " + name + ": " + why, e);
  }

  /** The device's name. */
  public String name() {
    return name;
  }

  /** The non-blocking descriptor, to be polled; not to be closed by the caller. */
  @Override
  public int fd() {
    return fd;
  }

  /**
   * Reads the next frame that came from the bridge; what exceeds {@code buffer} is cut off.
   *
   * @return its length in bytes, -1 where none is waiting
   * @throws IOException where the device has been removed from the host
   */
  @Override
  public long read(MemorySegment buffer) throws IOException {
    long n = Linux.read(fd, buffer);
    while (n >= ETHERNET_BYTES && isOwnBroadcast(buffer)) {
      n = Linux.read(fd, buffer);
    }
    return n;
  }

  private boolean isOwnBroadcast(MemorySegment frame) {
    boolean toMany = (frame.get(ValueLayout.JAVA_BYTE, 0) & 1) != 0;
    long source = frame.get(BIG_LONG, 6) >>> 16;
    return toMany && source == guest.bits();
  }

  /**
   * Sends one frame to the bridge.
   *
   * @return false where the kernel did not take it now (would block, or the device is down), in
   *     which case it is lost unless the caller tries again
   * @throws IOException where the device is gone, or the frame is no Ethernet frame (under 14
   *     bytes)
   */
  public boolean write(MemorySegment frame) throws IOException {
    try {
      return Linux.write(fd, frame) >= 0;
    } catch (LinuxException e) {
      // The device was set down from outside: to the guest that is a cable pulled, not an error.
      if (e.errno() == Errno.EIO) {
        return false;
      }
      throw e;
    }
  }

  /** Removes the device from the host, and closes. */
  public void delete() throws IOException {
    try {
      setPersistent(fd, 0);
    } finally {
      close();
    }
  }

  /** Lets go of the device, which stays on its bridge. */
  @Override
  public void close() {
    if (closed.compareAndSet(false, true)) {
      Linux.close(fd);
    }
  }
}
