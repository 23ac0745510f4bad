package io.tardigrade.system;

import java.nio.file.Path;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestInstance.Lifecycle;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** A class of tests with three hosts of its own, and one guest on them. */
@Tag("system")
@TestInstance(Lifecycle.PER_CLASS)
@ExtendWith(KeepLogs.class)
abstract class ReplicaSystemTest {
  ReplicaHosts hosts;

  @BeforeAll
  final void openHosts(@TempDir Path folder) throws Exception {
    hosts = new ReplicaHosts(folder);
    startGuest();
  }

  /** Starts what the tests are about. */
  abstract void startGuest() throws Exception;

  @AfterAll
  final void closeHosts() throws Exception {
    if (hosts != null) {
      hosts.close();
    }
  }
}
