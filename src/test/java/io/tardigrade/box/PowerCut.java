package io.tardigrade.box;

import java.io.IOException;
import java.time.Duration;
import java.util.SplittableRandom;

/**
 * A loss of power at a moment of a planned reset: anywhere from the command's first instruction
 * over freeze, seal, jump and boot to the guest that goes on.
 *
 * @param afterSeconds after the command
 */
record PowerCut(HostBox box, double afterSeconds) {
  private static final Duration COMMAND_MAX = Duration.ofMinutes(4);

  /**
   * At the same share of a reset for the same seed.
   *
   * @param resetSeconds how long one takes here until the guest is back
   */
  static PowerCut atRandom(HostBox box, double resetSeconds, long seed) {
    // Of Random the first numbers for neighbouring seeds are neighbours.
    return new PowerCut(box, new SplittableRandom(seed).nextDouble(resetSeconds));
  }

  /** Begins a reset, cuts the power in the middle, and waits until the host has booted again. */
  void duringReset() throws IOException, InterruptedException {
    Thread command = Thread.ofVirtual().name("reset").start(this::reset);
    Thread.sleep((long) (afterSeconds * 1000));
    String console = box.console();
    box.lab().powerCut(box.host());
    command.join();
    System.out.println(
        "[box] power was cut after: " + console.substring(Math.max(0, console.length() - 600)));
  }

  private void reset() {
    try {
      var _ =
          box.run(
              "until tardigrade host reset --reason 'a cut' >/dev/console 2>&1; do sleep 1; done",
              COMMAND_MAX);
    } catch (IOException e) {
      // The host went away, which is what it is to do.
    }
  }
}
