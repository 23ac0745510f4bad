package io.tardigrade.box;

import java.io.IOException;
import java.time.Duration;
import java.util.Random;

/**
 * A loss of power at a moment of a planned reset: anywhere from the command's first instruction
 * over freeze, seal, jump and boot to the guest that goes on.
 *
 * @param afterSeconds after the command
 */
record PowerCut(HostBox box, double afterSeconds) {
  /** A reset and the guest's return take about so long here, twice that on a busy machine. */
  private static final double RESET_SECONDS = 60;

  private static final Duration COMMAND_MAX = Duration.ofMinutes(4);

  /** The same for the same seed. */
  static PowerCut atRandom(HostBox box, long seed) {
    return new PowerCut(box, new Random(seed).nextDouble(RESET_SECONDS));
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
          box.run("tardigrade host reset --reason 'a power cut' >/dev/console 2>&1", COMMAND_MAX);
    } catch (IOException e) {
      // The host went away, which is what it is to do.
    }
  }
}
