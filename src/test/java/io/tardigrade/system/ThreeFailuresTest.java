package io.tardigrade.system;

import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * The short form of {@link FailuresTest}: a lab of three hosts, a guest with two backups, clients
 * whose history is judged. {@code -Dseed} plays a run's failures again.
 */
@Tag("system")
@Timeout(900)
class ThreeFailuresTest {
  @Test
  void lossOfPowerAStandstillAndACutAreNotSeenInWhatClientsAreTold() throws Exception {
    long seed = Long.getLong("seed", System.nanoTime());
    new FailureRun("ThreeFailuresTest", seed)
        .these(Failure.PRIMARY_STANDS_STILL, Failure.PRIMARY_LOSES_POWER, Failure.LINK_IS_CUT);
  }
}
