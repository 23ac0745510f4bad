package io.tardigrade.agent;

import io.tardigrade.coordination.RepairRegister;
import io.tardigrade.guest.GuestFiles;
import io.tardigrade.guest.GuestStatus;
import io.tardigrade.guest.HostPaths;
import io.tardigrade.preserve.BootId;
import io.tardigrade.preserve.ResetLock;
import io.tardigrade.recoverymanager.GuestList;
import io.tardigrade.reset.RepairEnd;
import java.io.IOException;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Ends the repair of this host once it is back and its guests run, and one that came to nothing. A
 * thread of its own, which waits for the coordination service.
 */
final class RepairWatch implements AutoCloseable {
  private static final long LOOK_MILLIS = 3_000;

  private final HostPaths paths;
  private final Supplier<ClusterService.@Nullable Membership> cluster;
  private final GuestList guests;
  private final Consumer<String> log;
  private final Thread thread;
  private volatile boolean closed;

  /**
   * Begins to look.
   *
   * @param cluster what there is while this host is of one
   */
  RepairWatch(
      HostPaths paths,
      Supplier<ClusterService.@Nullable Membership> cluster,
      GuestList guests,
      Consumer<String> log) {
    this.paths = paths;
    this.cluster = cluster;
    this.guests = guests;
    this.log = log;
    this.thread = Thread.ofVirtual().name("repair").start(this::run);
  }

  private void run() {
    try {
      while (!closed) {
        Thread.sleep(LOOK_MILLIS);
        try {
          ClusterService.Membership member = cluster.get();
          if (member != null) {
            look(member.config().name(), member.coordination().repairs());
          }
        } catch (IOException e) {
          // While the service is out nothing ends, and nothing can begin.
        } catch (RuntimeException e) {
          log.accept("whether a repair is over cannot be told: " + e);
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void look(String self, RepairRegister register) throws IOException {
    Optional<RepairRegister.Repair> found = register.stored();
    if (found.isEmpty() || !found.get().host().equals(self)) {
      return;
    }
    RepairRegister.Repair repair = found.get();
    RepairEnd end =
        new RepairEnd(
            true,
            repair.bootId().equals(BootId.current()),
            ResetLock.isHeld(paths),
            guestsRun(),
            register.age(repair).toMillis());
    if (end.isOver()) {
      register.end(self);
      log.accept("the repair of this host is over: " + repair.reason());
    }
  }

  private boolean guestsRun() throws IOException {
    for (GuestStatus guest : guests.all()) {
      if (GuestFiles.of(paths, guest.name()).desiredRunning() && !guest.runsSomewhere()) {
        return false;
      }
    }
    return true;
  }

  @Override
  public void close() {
    closed = true;
    thread.interrupt();
  }
}
