package io.tardigrade.reset;

import io.tardigrade.coordination.RepairRegister;
import io.tardigrade.launch.RefusedException;
import io.tardigrade.preserve.BootId;
import java.io.IOException;
import java.time.temporal.ChronoUnit;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** As the cluster's coordination service keeps it. Any thread; each call waits for the service. */
public final class ClusterRepair implements Repair {
  private final String self;
  private final RepairRegister register;
  private final @Nullable String despite;

  /**
   * @param self this host's name in the cluster
   * @param despite a host whose repair is overridden; null for none
   */
  public ClusterRepair(String self, RepairRegister register, @Nullable String despite) {
    this.self = self;
    this.register = register;
    this.despite = despite;
  }

  @Override
  public void begin(String reason) throws IOException {
    Optional<RepairRegister.Repair> other = register.begin(self, BootId.current(), reason, despite);
    if (other.isPresent()) {
      throw RefusedException.conflict(
          sentence(other.get())
              + "; wait until it is back, or go on with --despite "
              + other.get().host());
    }
  }

  private static String sentence(RepairRegister.Repair repair) {
    return "host "
        + repair.host()
        + " is being repaired since "
        + repair.since().truncatedTo(ChronoUnit.SECONDS)
        + " ("
        + repair.reason()
        + "), and no two hosts of a cluster are at once";
  }

  @Override
  public void end() throws IOException {
    register.end(self);
  }

  @Override
  public String other() {
    try {
      return register
          .current()
          .filter(repair -> !repair.host().equals(self))
          .map(ClusterRepair::sentence)
          .orElse("");
    } catch (IOException e) {
      return "whether another host is being repaired cannot be told: " + e.getMessage();
    }
  }
}
