package io.tardigrade.guardian;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.util.concurrent.locks.LockSupport;

/** Types on a guest's console. */
final class Typing {
  private static final int TRIES_MAX = 100;
  private static final long RETRY_NANOS = 10_000_000;

  private Typing() {}

  /** The console, as far as it takes bytes now. */
  interface Keyboard {
    /** Returns how many bytes were taken; -1 for none. */
    long typeNow(MemorySegment text) throws IOException;
  }

  /** A guest that does not read its console loses what is typed, as with a full UART. */
  static void into(ByteBuffer bytes, Keyboard keyboard) throws IOException {
    MemorySegment typed = Arena.ofAuto().allocate(bytes.remaining());
    typed.copyFrom(MemorySegment.ofBuffer(bytes));
    long done = 0;
    for (int tries = 0; done < typed.byteSize() && tries < TRIES_MAX; tries++) {
      done += Math.max(0, keyboard.typeNow(typed.asSlice(done)));
      if (done < typed.byteSize()) {
        LockSupport.parkNanos(RETRY_NANOS);
      }
    }
  }
}
