package io.tardigrade.block;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * A guest's volumes are stopped before each single step they make on their files, recovered,
 * stopped before each single step of the recovery, and recovered again.
 */
class CrashScheduleTest {
  private static final int EPOCHS = 7;

  /** A guest's run, and the disk as it was when the machine stopped. */
  private record Stopped(GuestRun run, SimulatedDisk disk, boolean crashed) {}

  private static Stopped runUntil(long seed, long step) throws IOException {
    SimulatedDisk disk = GuestRun.newDisk(seed + 1000 * step);
    GuestRun run = new GuestRun(seed, disk);
    disk.crashAfter(step);
    try {
      run.start();
      run.runEpochs(EPOCHS);
      return new Stopped(run, disk, false);
    } catch (SimulatedDisk.Crash e) {
      return new Stopped(run, disk, true);
    }
  }

  @ParameterizedTest
  @ValueSource(longs = {11, 12, 13})
  void aKillAtAnyStepIsRecoveredFromToTheSealedEpoch(long seed) throws IOException {
    for (long step = 0; ; step++) {
      Stopped stopped = runUntil(seed, step);
      String what = "seed " + seed + " killed at step " + step;
      for (long again = 0; again == 0 || again < 200; again++) {
        SimulatedDisk disk = stopped.disk.copy(seed + again);
        disk.restart();
        disk.crashAfter(again);
        boolean recovered = tryRecover(disk, stopped.run.sealed());
        disk.restart();
        recoverAndCheck(stopped.run, disk, stopped.run.sealed(), what + " and " + again);
        if (recovered) {
          break;
        }
      }
      if (!stopped.crashed) {
        assertThat(step).as("steps of a run").isGreaterThan(50);
        return;
      }
    }
  }

  @ParameterizedTest
  @ValueSource(longs = {21, 22, 23, 24})
  void aPowerLossAtAnyStepIsRecoveredFromToAnEpochNotBeforeTheSealedOne(long seed)
      throws IOException {
    for (long step = 0; ; step++) {
      Stopped stopped = runUntil(seed, step);
      for (long luck = 0; luck < 4; luck++) {
        SimulatedDisk disk = stopped.disk.copy(seed * 31 + luck);
        disk.losePower();
        String what = "seed " + seed + " power lost at step " + step + " luck " + luck;
        // Power fails again during the recovery, at each of its steps over the luck and the steps.
        disk.crashAfter((step + 5 * luck) % 30);
        VolumeSet set = null;
        try {
          set = GuestRun.open(disk);
          set.recoverTo(set.lastPrepared());
        } catch (SimulatedDisk.Crash e) {
          set = null;
        }
        if (luck % 2 == 0) {
          disk.losePower();
        } else {
          disk.restart();
        }
        long epoch = GuestRun.open(disk).lastPrepared();
        recoverAndCheck(stopped.run, disk, epoch, what);
      }
      if (!stopped.crashed) {
        return;
      }
    }
  }

  @ParameterizedTest
  @ValueSource(longs = {31, 32, 33, 34, 35, 36, 37, 38})
  void aGuestGoesOnThroughKillsAndPowerLosses(long seed) throws IOException {
    Random random = new Random(seed);
    SimulatedDisk disk = GuestRun.newDisk(seed);
    GuestRun run = new GuestRun(seed, disk);
    run.start();
    for (int life = 0; life < 25; life++) {
      String what = "seed " + seed + " life " + life;
      disk.crashAfter(random.nextInt(120));
      try {
        run.runEpochs(12);
      } catch (SimulatedDisk.Crash e) {
        disk.restart();
      }
      boolean powerLost = random.nextBoolean();
      if (powerLost) {
        disk.losePower();
      }
      disk.restart();
      long epoch = powerLost ? GuestRun.open(disk).lastPrepared() : run.sealed();
      VolumeSet set = recoverAndCheck(run, disk, epoch, what);
      if (powerLost && random.nextBoolean()) {
        // The guest boots again, and counts its epochs anew.
        set.begin(random.nextInt(3));
        epoch = set.lastPrepared();
      }
      run = new GuestRun(random.nextLong(), disk);
      run.resume(set, epoch);
    }
  }

  private static boolean tryRecover(SimulatedDisk disk, long epoch) throws IOException {
    try {
      GuestRun.open(disk).recoverTo(epoch);
      return true;
    } catch (SimulatedDisk.Crash e) {
      return false;
    }
  }

  private static VolumeSet recoverAndCheck(
      GuestRun run, SimulatedDisk disk, long epoch, String what) throws IOException {
    try {
      VolumeSet set = GuestRun.open(disk);
      set.recoverTo(epoch);
      run.checkRecovered(epoch, GuestRun.contentOf(set), what);
      byte[][] bases = new byte[GuestRun.VOLUMES][];
      for (int i = 0; i < GuestRun.VOLUMES; i++) {
        bases[i] = disk.file(3 * i).content();
      }
      run.checkRecovered(epoch, bases, what + ", base file");
      return set;
    } catch (IOException | IllegalStateException e) {
      throw new AssertionError(what, e);
    }
  }
}
