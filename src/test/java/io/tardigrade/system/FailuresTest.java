package io.tardigrade.system;

import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * A guest with two backups through many failures one after the other, with automatic re-protection
 * between them, as clients see it. {@code -Dseed} plays one run's failures again, {@code
 * -Dfailures} says how many.
 */
@Tag("long")
@Timeout(3600)
class FailuresTest {
  private static final int FAILURES = 30;

  @Test
  void thirtyFailuresInARowAreNotSeenInWhatClientsAreTold() throws Exception {
    long seed = Long.getLong("seed", System.nanoTime());
    int count = Integer.getInteger("failures", FAILURES);
    new FailureRun("FailuresTest.random", seed).random(count);
  }
}
