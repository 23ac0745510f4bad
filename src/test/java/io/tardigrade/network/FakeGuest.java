package io.tardigrade.network;

import io.tardigrade.linux.Command;
import io.tardigrade.linux.Linux;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.HexFormat;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;

/**
 * A namespace that stands for a guest: its network card is a second TAP device, moved in there, and
 * frames are carried between it and the TAP device on the bridge as a guardian would.
 */
final class FakeGuest implements AutoCloseable {
  final HostNetwork.Place place;
  final Namespace namespace;
  private final HostNetwork network;
  private final Tap inner;
  private volatile Tap outer;
  private volatile boolean stopping;
  private Thread pump;

  /** Broadcasts of its own that it sent, and that came back to it. */
  final AtomicLong broadcastsSent = new AtomicLong();

  final AtomicLong broadcastsHeard = new AtomicLong();
  final AtomicReference<Throwable> failure = new AtomicReference<>();

  FakeGuest(HostNetwork network, String name, String unique) throws Exception {
    this(network, network.place(name), unique);
  }

  FakeGuest(HostNetwork network, HostNetwork.Place place, String unique) throws Exception {
    this.network = network;
    this.place = place;
    namespace = new Namespace(unique);
    inner = Tap.open(unique, new Mac(0));
    Command.run("ip", "link", "set", unique, "netns", unique);
    namespace.ip("link set dev " + unique + " address " + place.mac() + " up");
    namespace.ip("addr add " + place.address() + "/" + place.subnet().prefix() + " dev " + unique);
    namespace.ip("route add default via " + place.gateway());
    outer = openOuter();
    pump = startPump();
  }

  private Tap openOuter() throws IOException {
    Tap tap = Tap.open(place.tap(), place.mac());
    network.attach(tap.name());
    return tap;
  }

  private Thread startPump() {
    stopping = false;
    return Thread.ofPlatform().daemon().name("pump " + place.tap()).start(this::pump);
  }

  /** As when a guardian dies and is started again: nobody holds the TAP device for a while. */
  void restartGuardian(long awayMillis) throws Exception {
    stopPump();
    outer.close();
    Thread.sleep(awayMillis);
    outer = Tap.open(place.tap(), place.mac());
    pump = startPump();
  }

  /** Sends a frame as if the guest had. */
  void send(MemorySegment frame) throws IOException {
    outer.write(frame);
  }

  /** The TAP device on the bridge. */
  Tap outer() {
    return outer;
  }

  private void pump() {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment polls = arena.allocate(16, 8);
      MemorySegment frame = arena.allocate(FrameReader.FRAME_BYTES_MAX, 8);
      while (!stopping) {
        for (int i = 0; i < 2; i++) {
          polls.set(ValueLayout.JAVA_INT, i * 8L, i == 0 ? inner.fd() : outer.fd());
          polls.set(ValueLayout.JAVA_SHORT, i * 8L + 4, Linux.POLLIN);
        }
        Linux.poll(polls, 2, 20);
        carry(inner, outer, frame);
        carry(outer, inner, frame);
      }
    } catch (IOException | RuntimeException | Error e) {
      failure.set(e);
    }
  }

  private void carry(Tap from, Tap to, MemorySegment frame) throws IOException {
    for (long n = from.read(frame); n >= 0; n = from.read(frame)) {
      boolean toMany = (frame.get(ValueLayout.JAVA_BYTE, 0) & 1) != 0;
      byte[] source = frame.asSlice(6, 6).toArray(ValueLayout.JAVA_BYTE);
      boolean own = HexFormat.ofDelimiter(":").formatHex(source).equals(place.mac().toString());
      if (toMany && own) {
        (from == outer ? broadcastsHeard : broadcastsSent).incrementAndGet();
      }
      to.write(frame.asSlice(0, n));
    }
  }

  private void stopPump() throws IOException {
    stopping = true;
    try {
      pump.join(5000);
    } catch (InterruptedException e) {
      throw new IOException("interrupted", e);
    }
  }

  @Override
  public void close() throws IOException {
    stopPump();
    inner.delete();
    outer.close();
    namespace.close();
  }
}
