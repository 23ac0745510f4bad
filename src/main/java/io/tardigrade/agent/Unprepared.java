package io.tardigrade.agent;

import io.tardigrade.care.ResetPort;
import io.tardigrade.guest.GuestFiles;
import io.tardigrade.guest.HostPaths;
import io.tardigrade.launch.RefusedException;
import io.tardigrade.recovery.GuestFate;
import io.tardigrade.recovery.Preserved;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/** A host that keeps no memory across operating systems: the ladder ends in advice. */
final class Unprepared implements ResetPort {
  private final HostPaths paths;

  Unprepared(HostPaths paths) {
    this.paths = paths;
  }

  @Override
  public Preserved preserved() {
    return new Preserved(false, "this host sets no memory aside");
  }

  @Override
  public List<GuestFate> fates() throws IOException {
    List<GuestFate> fates = new ArrayList<>();
    for (String name : GuestFiles.names(paths)) {
      if (GuestFiles.of(paths, name).desiredRunning()) {
        fates.add(new GuestFate(name, false, "its memory is not preserved", false));
      }
    }
    return fates;
  }

  @Override
  public void reset(String reason) throws IOException {
    throw RefusedException.conflict("no memory is preserved on this host, so it is not reset");
  }
}
