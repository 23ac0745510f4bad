package io.tardigrade.system;

import static org.assertj.core.api.Assertions.assertThat;

import io.tardigrade.control.HostControl;
import io.tardigrade.control.Moving;
import io.tardigrade.guardian.Freeze;
import io.tardigrade.guardian.GuardianClient;
import io.tardigrade.preserve.Place;
import io.tardigrade.preserve.ResetLock;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestMethodOrder;

/**
 * A guest that stands still for a while: for a reset of its host which does not come about, and to
 * be moved to preserved memory and back. This host preserves none: a folder of ordinary memory is
 * in its place.
 */
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
@Tag("aside")
final class FreezeTest extends SystemTest {
  /** Ample, and preserved memory where it is. */
  private static final Moving.Rooms ROOMS =
      new Moving.Rooms() {
        @Override
        public boolean isThere(Place place) {
          return true;
        }

        @Override
        public long freeBytes(Place place) {
          return 1L << 40;
        }
      };

  private Guest guest;

  @BeforeAll
  void start() throws IOException {
    guest = host().runShared("kv", "--", Probe.program().toString());
    guest.awaitProtected();
  }

  @Test
  @Order(2)
  void guestFrozenByAResetThatDiesGoesOnWithItsConnection() throws Exception {
    long guardian = guest.pid(Guest.Victim.GUARDIAN);
    try (CountingClient client = guest.countWithProbe()) {
      client.await(20);
      // Closing the lock is all that is left of a process that was killed.
      try (ResetLock _ = ResetLock.take(host().paths()).orElseThrow()) {
        GuardianClient.connect(host().paths(), "kv").freeze();
        Guest.await("freeze").until(() -> Freeze.ended(host().paths(), "kv"), Optional::isPresent);
        assertThat(Freeze.ended(host().paths(), "kv").orElseThrow().refusal()).isNull();
        // Long enough for the agent to look at its guests twice.
        Thread.sleep(2500);
        assertThat(guest.ask()).as("it is frozen").isEmpty();
      }
      guest.awaitProtectedAfter(Guest.Victim.GUARDIAN, guardian);
      client.await(20);
    }
  }

  @Test
  @Order(1)
  void guestIsMovedWhileItRunsWithItsConnection() throws Exception {
    Path preserved = Files.createTempDirectory(Path.of("/dev/shm"), "tg-preserved-");
    Files.setPosixFilePermissions(preserved, PosixFilePermissions.fromString("rwxr-xr-x"));
    Files.createSymbolicLink(host().paths().preserved(), preserved);
    try {
      try (CountingClient client = guest.countWithProbe()) {
        client.await(20);
        refuseWithoutPreservedMemory();
        client.await(20);

        new Moving(
                host().paths(),
                new HostControl(host().paths(), () -> {}),
                ROOMS,
                line -> System.out.println("[move] " + line))
            .move("kv", Place.PRESERVED);

        assertThat(guest.show().place()).isEqualTo("preserved");
        assertThat(guest.image()).startsWith(host().paths().preserved());
        assertThat(images(host().paths().images())).isEmpty();
        client.await(20);
        guest.awaitProtected();
        guest.awaitProtectedAfter(Guest.Victim.HYPERVISOR, guest.kill(Guest.Victim.HYPERVISOR));
        client.await(20);

        TestHost.Result back = host().must("move", "kv", "--to", "ordinary");

        System.out.println("[move] " + back.err().strip());
        assertThat(back.out()).isEqualTo("kv lies in ordinary memory\n");
        assertThat(guest.show().place()).isEqualTo("ordinary");
        assertThat(images(host().paths().preservedImages())).isEmpty();
        client.await(20);
        System.out.println("[move] the client waited " + client.longestWait());
        assertThat(host().must("move", "kv", "--to", "ordinary").out())
            .as("nothing has to change")
            .isEqualTo("kv lies in ordinary memory\n");
      }
      Guest.await("three incidents")
          .untilAsserted(() ->
              assertThat(guest.incidents())
                  .extracting(i -> i.cause() + " " + i.outcome())
                  .as("a move is no failure of the guardian")
                  .containsExactly(
                      "moved recovered", "hypervisor-died recovered", "moved recovered"));
    } finally {
      Files.delete(host().paths().preserved());
      Files.deleteIfExists(preserved.resolve("images"));
      Files.delete(preserved);
    }
  }

  private void refuseWithoutPreservedMemory() throws IOException {
    long guardian = guest.pid(Guest.Victim.GUARDIAN);
    TestHost.Result refused = host().cli("move", "kv", "--to", "preserved");
    assertThat(refused.code()).isEqualTo(5);
    assertThat(refused.complaint()).contains("no memory is preserved on this host");
    assertThat(host().cli("move", "kv", "--to", "elsewhere").code()).isEqualTo(2);
    assertThat(host().cli("move", "none", "--to", "ordinary").code()).isEqualTo(4);
    assertThat(guest.pid(Guest.Victim.GUARDIAN)).as("nothing has changed").isEqualTo(guardian);
  }

  private static List<Path> images(Path folder) throws IOException {
    if (!Files.isDirectory(folder)) {
      return List.of();
    }
    try (var files = Files.list(folder)) {
      return files.toList();
    }
  }
}
