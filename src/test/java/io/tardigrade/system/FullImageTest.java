package io.tardigrade.system;

import static org.assertj.core.api.Assertions.assertThat;

import io.tardigrade.guest.GuestStatus;
import io.tardigrade.linux.Command;
import io.tardigrade.system.Guest.Victim;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** The committed image's file system fills up: a small tmpfs of the test's own. */
@Tag("aside")
final class FullImageTest extends SystemTest {
  private Path tmpfs;

  @Override
  TestHost makeHost() throws Exception {
    tmpfs = Files.createTempDirectory(Path.of("/tmp"), "tf-");
    Command.run("mount", "-t", "tmpfs", "-o", "size=768m,mode=755", "tmpfs", tmpfs.toString());
    Path images = Files.createDirectory(tmpfs.resolve("images"));
    Files.setPosixFilePermissions(images, PosixFilePermissions.fromString("rwxr-xr-x"));
    return TestHost.createWithImages(images);
  }

  @AfterAll
  void unmount() throws Exception {
    Command.run("umount", "-l", tmpfs.toString());
    Files.delete(tmpfs);
  }

  @Test
  void guestRunsOnUnprotectedWhileThereIsNoSpaceAndIsProtectedAfterwards() throws Exception {
    Guest guest = host().run("full", "--", Probe.program().toString());
    try (CountingClient client = guest.countWithProbe()) {
      client.await(20);
      guest.awaitProtected();
      Path filler = tmpfs.resolve("filler");
      fill(filler);
      client.rest(true);
      GuestStatus without = loseProtection(guest);
      client.rest(false);
      assertThat(without.reason()).contains("not protected").contains("are free");
      client.await(50);
      assertThat(guest.show().state()).isEqualTo(GuestStatus.State.UNPROTECTED);
      assertThat(host().must("show", guest.name()).out())
          .contains("UNPROTECTED")
          .contains("are free");
      assertThat(guest.events("unprotected")).hasSize(1);
      guest.awaitIncident(0, i -> i.cause().equals("protection-lost"));
      Files.delete(filler);
      guest.awaitStatus("protected again", s -> s.state() == GuestStatus.State.RUNNING);
      assertThat(guest.events("protected")).hasSize(1);
      assertThat(guest.show().reason()).isNull();
      client.await(20);
      guest.awaitProtected();
      long killed = guest.kill(Victim.HYPERVISOR);
      client.await(50);
      guest.awaitProtectedAfter(Victim.HYPERVISOR, killed);
    }
  }

  /** It is not resumed from a state that its client is ahead of; what it synced is there. */
  @Test
  void guestThatFailsWhileUnprotectedBootsFromItsDisks() throws Exception {
    Guest guest =
        host().run("lost", "--volume", "lost:/data:64M", "--", Probe.program().toString());
    Path filler = tmpfs.resolve("filler");
    try (CountingClient records = CountingClient.records(guest.address(), "/data/records")) {
      records.await(5);
    }
    guest.awaitProtected();
    String before = Probe.look(guest.address()).bootId();
    fill(filler);
    loseProtection(guest);
    long told;
    try (CountingClient records = CountingClient.records(guest.address(), "/data/records")) {
      records.await(20);
      guest.kill(Victim.HYPERVISOR);
      guest.awaitOtherBoot(before);
      // Nothing more is told on a connection whose other end is gone.
      told = records.last();
    }
    Files.delete(filler);
    guest.awaitIncident(0, i -> i.outcome().equals("restarted"));
    guest.awaitStatus("protected again", s -> s.state() == GuestStatus.State.RUNNING);
    try (CountingClient records = CountingClient.records(guest.address(), "/data/records")) {
      records.await(1);
      assertThat(records.last()).as("follows the last record that was told").isGreaterThan(told);
    }
  }

  /**
   * Dirties more in one epoch than the thousand pages that always have space. Nobody may be served
   * meanwhile: an epoch is cut short whenever somebody waits for an answer, and then none is large.
   */
  private static GuestStatus loseProtection(Guest guest) throws Exception {
    assertThat(Probe.ask(guest.address(), "dirty 64 0")).isEqualTo("ok");
    return guest.awaitStatus("protection is lost", s -> s.state() == GuestStatus.State.UNPROTECTED);
  }

  /** Writes until nothing more fits. */
  private static void fill(Path filler) throws IOException {
    byte[] block = new byte[4096];
    boolean full = false;
    try (OutputStream out = Files.newOutputStream(filler)) {
      for (long at = 0; at < 1L << 30; at += block.length) {
        out.write(block);
      }
    } catch (IOException e) {
      full = String.valueOf(e.getMessage()).contains("No space left");
    }
    assertThat(full).isTrue();
  }
}
