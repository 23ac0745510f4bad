package io.tardigrade.guardian;

import io.tardigrade.network.DhcpResponder;
import io.tardigrade.network.FrameReader;
import io.tardigrade.network.OutputGate;
import io.tardigrade.network.Tap;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/**
 * Everything a guest says to the outside: frames and console bytes, held until their epoch is
 * committed. Filled by the guardian's main thread, released by the committer; each call takes the
 * lock.
 *
 * <p>While the guest is unprotected nothing is held: what it says then is lost to a failure, and
 * the user was told.
 */
final class Output {
  private final Tap tap;
  private final Console console;
  private final DhcpResponder dhcp;
  private final InboundPump inbound;
  private final MemorySegment reply = Arena.ofAuto().allocate(DhcpResponder.REPLY_BYTES_MAX);
  private final OutputGate gate;
  private boolean open;
  private @Nullable Runnable firstRelease;

  /** Held frames of one release: how many, and how long the oldest waited. */
  record Released(long frames, long holdNanos) {}

  Output(Tap tap, Console console, DhcpResponder dhcp, InboundPump inbound, long committedEpoch) {
    this.tap = tap;
    this.console = console;
    this.dhcp = dhcp;
    this.inbound = inbound;
    this.gate = new OutputGate(committedEpoch);
  }

  /** Takes the frame at the reader's head, or returns false where the gate is full. */
  synchronized boolean frame(FrameReader reader, long nowNanos) throws IOException {
    if (answerDhcp(reader)) {
      return true;
    }
    if (open) {
      send(reader.memory(), reader.offset(), reader.length());
      return true;
    }
    return gate.append(reader.memory(), reader.offset(), reader.length(), nowNanos);
  }

  /** A request for an address is answered on the spot: the answer is always the same. */
  private boolean answerDhcp(FrameReader reader) throws IOException {
    int bytes = dhcp.respond(reader.memory(), reader.offset(), reader.length(), reply);
    if (bytes > 0) {
      inbound.inject(reply, bytes);
    }
    return bytes != DhcpResponder.NOT_DHCP;
  }

  /** Takes console bytes. */
  synchronized void console(MemorySegment bytes) throws IOException {
    console.append(bytes);
    if (open) {
      console.releaseAll();
    }
  }

  synchronized void closeEpoch(long epoch) {
    gate.closeEpoch(epoch);
    console.closeEpoch(epoch);
  }

  /** Lets out what was said up to {@code epoch}, which is committed. */
  synchronized Released release(long epoch) throws IOException {
    long waited =
        gate.waitingFrames() > gate.openFrames() ? System.nanoTime() - gate.oldestNanos() : 0;
    long frames = gate.release(epoch, this::send);
    console.release(epoch);
    notifyFirst(frames);
    return new Released(frames, waited);
  }

  private void notifyFirst(long frames) {
    Runnable waiting = firstRelease;
    if (frames > 0 && waiting != null) {
      firstRelease = null;
      waiting.run();
    }
  }

  /** Runs {@code action} once the next frame was let out. */
  synchronized void onNextRelease(Runnable action) {
    firstRelease = action;
  }

  /** The guest goes back to its last commit: what it said since was never said. */
  synchronized void dropUncommitted() {
    gate.dropUncommitted();
    console.dropUncommitted();
  }

  /**
   * From now on nothing is held ({@code true}), or everything is again. Opening lets out all that
   * waits.
   */
  synchronized void setOpen(boolean open, long epoch) throws IOException {
    this.open = open;
    if (open) {
      gate.closeEpoch(epoch);
      gate.release(epoch, this::send);
      console.releaseAll();
    }
  }

  private void send(MemorySegment memory, long offset, int length) throws IOException {
    // A full queue of the kernel loses a frame, as any network card may; TCP repairs it.
    boolean _ = tap.write(memory.asSlice(offset, length));
  }

  synchronized long openFrames() {
    return gate.openFrames();
  }

  synchronized long waitingFrames() {
    return gate.waitingFrames();
  }

  synchronized long oldestNanos() {
    return gate.waitingFrames() == 0 ? Long.MAX_VALUE : gate.oldestNanos();
  }

  synchronized boolean isFull() {
    return gate.isFull();
  }

  /** Console bytes of the open epoch. */
  synchronized boolean consoleWaits() {
    return console.hasOpenBytes();
  }
}
