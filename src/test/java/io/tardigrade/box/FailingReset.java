package io.tardigrade.box;

import io.tardigrade.control.HostControl;
import io.tardigrade.guardian.Freeze;
import io.tardigrade.guest.HostPaths;
import io.tardigrade.reset.HostReset;
import io.tardigrade.reset.Repair;
import java.io.IOException;

/**
 * Run in the box: resets the host up to where all guests stand still, and then has a bug. Says
 * whether a guest is left frozen, before anybody else could have found out.
 */
final class FailingReset {
  private FailingReset() {}

  public static void main(String[] arguments) throws IOException {
    HostPaths paths = HostPaths.of(System.getenv());
    HostReset reset =
        new HostReset(paths, new HostControl(paths, () -> {})::status, FailingReset::progress);
    try {
      reset.run(
          reset.fates(),
          reset.next(new HostReset.Wanted(null, null, null)),
          "a bug",
          "a test",
          Repair.ALONE);
    } catch (IllegalStateException e) {
      boolean frozen = Freeze.standing(paths, arguments[0]).isPresent();
      System.out.println(e.getMessage() + "; still frozen: " + frozen);
    }
  }

  private static void progress(String line) {
    if (line.contains("stand still")) {
      throw new IllegalStateException("bug after '" + line + "'");
    }
  }
}
