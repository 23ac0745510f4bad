package io.tardigrade.reset;

import io.tardigrade.guardian.GuardianClient;
import io.tardigrade.guest.GuestStatus;
import io.tardigrade.guest.HostPaths;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Has guests of this host run on their backups, all at once, before the host is taken from beneath
 * them. Each of them stands still for its own switchover only. Any thread.
 */
public final class SwitchingOver {
  /** A switchover takes well under a second; one that takes so long does not come about. */
  private static final long NANOS_MAX = TimeUnit.SECONDS.toNanos(30);

  private static final long POLL_MILLIS = 20;

  private final HostPaths paths;
  private final Function<String, Optional<GuestStatus>> statuses;
  private final Consumer<String> progress;

  /**
   * Of the host with these paths.
   *
   * @param statuses asks a guest's guardian
   * @param progress is told of each guest that has gone, one line
   */
  public SwitchingOver(
      HostPaths paths,
      Function<String, Optional<GuestStatus>> statuses,
      Consumer<String> progress) {
    this.paths = paths;
    this.statuses = statuses;
    this.progress = progress;
  }

  /**
   * Returns when every guest whose fate that is runs on its other host.
   *
   * @throws IOException where one does not; those that went stay where they are
   */
  public void all(List<GuestFate> fates) throws IOException {
    List<GuestFate> going = new ArrayList<>();
    long begin = System.nanoTime();
    for (GuestFate fate : fates) {
      String host = fate.host();
      if (fate.fate() == GuestFate.Fate.SWITCH_OVER && host != null) {
        GuardianClient.connect(paths, fate.guest()).switchOver(host);
        going.add(fate);
      }
    }
    while (!going.isEmpty()) {
      going.removeIf(fate -> hasGone(fate, begin));
      if (!going.isEmpty() && System.nanoTime() - begin > NANOS_MAX) {
        throw new IOException(
            "guest "
                + going.getFirst().guest()
                + " still runs here, 30 s after it was to run on "
                + going.getFirst().host()
                + "; 'tardigrade show "
                + going.getFirst().guest()
                + "' tells more; the host is not reset");
      }
      pause();
    }
  }

  /**
   * Looks again, shortly before the host goes.
   *
   * @throws IOException where a guest that ran elsewhere may run here by now
   */
  public void checkStillElsewhere(List<GuestFate> fates) throws IOException {
    for (GuestFate fate : fates) {
      if (fate.fate() != GuestFate.Fate.SWITCH_OVER && fate.fate() != GuestFate.Fate.RETURNS) {
        continue;
      }
      GuestStatus.@Nullable Replica now =
          statuses.apply(fate.guest()).map(GuestStatus::replica).orElse(null);
      if (now != null && !(now.role().equals("backup") && !now.primary().isEmpty())) {
        throw new IOException(
            "guest "
                + fate.guest()
                + " ran on another host, and may be on its way back to this one; the host is not"
                + " reset");
      }
    }
  }

  private boolean hasGone(GuestFate fate, long beginNanos) {
    GuestStatus.@Nullable Replica now =
        statuses.apply(fate.guest()).map(GuestStatus::replica).orElse(null);
    boolean gone = now != null && now.role().equals("backup") && isLedElsewhere(fate, now);
    if (gone) {
      progress.accept(
          fate.guest()
              + " runs on "
              + fate.host()
              + " after "
              + Duration.ofNanos(System.nanoTime() - beginNanos).toMillis()
              + " ms");
    }
    return gone;
  }

  private static boolean isLedElsewhere(GuestFate fate, GuestStatus.Replica now) {
    return now.primary().equals(fate.host());
  }

  private static void pause() throws IOException {
    try {
      Thread.sleep(POLL_MILLIS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted", e);
    }
  }
}
