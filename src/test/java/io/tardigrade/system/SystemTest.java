package io.tardigrade.system;

import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestInstance.Lifecycle;
import org.junit.jupiter.api.extension.ExtendWith;

/** A class of tests with an installation of its own. */
@Tag("system")
@TestInstance(Lifecycle.PER_CLASS)
@ExtendWith(KeepLogs.class)
abstract class SystemTest {
  private @org.jspecify.annotations.Nullable TestHost host;

  TestHost host() {
    return java.util.Objects.requireNonNull(host);
  }

  /** Makes the installation. */
  TestHost makeHost() throws Exception {
    return TestHost.create();
  }

  @BeforeAll
  final void openHost() throws Exception {
    host = makeHost();
  }

  @AfterEach
  final void deleteGuests() {
    host().deleteGuests();
  }

  @AfterAll
  final void closeHost() throws Exception {
    if (host != null) {
      host.close();
    }
  }
}
