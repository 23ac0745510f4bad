package io.tardigrade.guardian;

import io.tardigrade.guest.HostPaths;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Has guests stand still, all at once, and waits until they do. Where one does not, those before it
 * are frozen all the same: whoever wanted it takes that back by {@link Freeze#thaw}.
 */
public final class Freezing {
  private static final long NANOS_MAX = TimeUnit.SECONDS.toNanos(60);
  private static final long POLL_MILLIS = 5;

  private Freezing() {}

  /** A guest that is to stand still, and who serves it. */
  private record Asked(String guest, Optional<ProcessHandle> guardian) {
    /** A guardian's question may be lost with it; the next one knows nothing of it. */
    boolean isServed() {
      return guardian.isPresent() && guardian.get().isAlive();
    }
  }

  /**
   * Freezes them.
   *
   * @return in the order of their names given
   * @throws IOException where one cannot be frozen, its guardian is lost on the way or none answers
   */
  public static List<Freeze> freeze(HostPaths paths, List<String> guests) throws IOException {
    List<Asked> asked = new ArrayList<>();
    for (String name : guests) {
      GuardianClient guardian = GuardianClient.connect(paths, name);
      @Nullable Long pid = guardian.status().guardian().pid();
      asked.add(new Asked(name, pid == null ? Optional.empty() : ProcessHandle.of(pid)));
      guardian.freeze();
    }
    long deadline = System.nanoTime() + NANOS_MAX;
    List<Freeze> frozen = new ArrayList<>();
    for (Asked one : asked) {
      frozen.add(await(paths, one, deadline));
    }
    return frozen;
  }

  private static Freeze await(HostPaths paths, Asked asked, long deadlineNanos) throws IOException {
    while (true) {
      boolean served = asked.isServed();
      Optional<Freeze> ended = Freeze.ended(paths, asked.guest());
      if (ended.isPresent()) {
        @Nullable String refusal = ended.get().refusal();
        if (refusal == null) {
          return ended.get();
        }
        throw failure(asked, "cannot be frozen: " + refusal);
      }
      if (!served) {
        throw failure(asked, "was not frozen: its guardian has ended in the middle of it");
      }
      if (System.nanoTime() - deadlineNanos > 0) {
        throw failure(asked, "was not frozen within 60 s");
      }
      sleep();
    }
  }

  private static IOException failure(Asked asked, String why) {
    return new IOException("guest '" + asked.guest() + "' " + why);
  }

  private static void sleep() throws IOException {
    try {
      Thread.sleep(POLL_MILLIS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw (IOException) new InterruptedIOException("interrupted").initCause(e);
    }
  }
}
