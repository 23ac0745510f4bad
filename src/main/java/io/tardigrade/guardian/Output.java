package io.tardigrade.guardian;

import io.tardigrade.network.DhcpResponder;
import io.tardigrade.network.FrameReader;
import io.tardigrade.network.FrameSink;
import io.tardigrade.network.OutputGate;
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
  private final FrameSink network;
  private final Console console;
  private final DhcpResponder dhcp;
  private final FrameSink toGuest;
  private final MemorySegment reply = Arena.ofAuto().allocate(DhcpResponder.REPLY_BYTES_MAX);
  private final OutputGate gate;
  private boolean open;
  private @Nullable Runnable firstRelease;

  /** Held frames of one release: how many, and how long the oldest waited. */
  record Released(long frames, long holdNanos) {}

  /**
   * @param network where the guest's frames go once they may
   * @param toGuest where frames of our own for the guest go
   */
  Output(
      FrameSink network,
      Console console,
      DhcpResponder dhcp,
      FrameSink toGuest,
      long committedEpoch) {
    this.network = network;
    this.console = console;
    this.dhcp = dhcp;
    this.toGuest = toGuest;
    this.gate = new OutputGate(committedEpoch);
  }

  /** Takes the frame at the reader's head, or returns false where the gate is full. */
  synchronized boolean frame(FrameReader reader, long nowNanos) throws IOException {
    if (answerDhcp(reader)) {
      return true;
    }
    if (open) {
      network.frame(reader.memory(), reader.offset(), reader.length());
      return true;
    }
    return gate.append(reader.memory(), reader.offset(), reader.length(), nowNanos);
  }

  /** A request for an address is answered on the spot: the answer is always the same. */
  private boolean answerDhcp(FrameReader reader) throws IOException {
    int bytes = dhcp.respond(reader.memory(), reader.offset(), reader.length(), reply);
    if (bytes > 0) {
      toGuest.frame(reply, 0, bytes);
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
    long frames = gate.release(epoch, network);
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
   *
   * @param epoch the newest epoch closed, where opening
   */
  synchronized void setOpen(boolean open, long epoch) throws IOException {
    this.open = open;
    if (open) {
      gate.release(epoch, network);
      console.releaseAll();
    }
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
