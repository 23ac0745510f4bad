package io.tardigrade.system;

import static org.assertj.core.api.Assertions.assertThat;

import io.tardigrade.guest.GuestStatus;
import io.tardigrade.system.Guest.Victim;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.HexFormat;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveOutputStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Guests of every kind, with every way to find dirty pages, go on over a kill. */
@Tag("aside")
final class ImagesTest extends SystemTest {

  private static void killTwice(Guest guest) throws Exception {
    try (CountingClient client = guest.countWithProbe()) {
      client.await(10);
      for (int i = 0; i < 2; i++) {
        guest.awaitProtected();
        long killed = guest.kill(Victim.HYPERVISOR);
        client.await(10);
        guest.awaitProtectedAfter(Victim.HYPERVISOR, killed);
      }
    }
    assertThat(guest.console().split("probe serves", -1)).as("one boot").hasSize(2);
  }

  @ParameterizedTest
  @ValueSource(strings = {"userfaultfd", "compare"})
  void everyEngineFindsWhatTheGuestWrote(String engine) throws Exception {
    Guest guest =
        host()
            .run(
                "engine-" + engine,
                "--engine",
                engine,
                "--memory",
                "96M",
                "--",
                Probe.program().toString());
    killTwice(guest);
    assertThat(guest.show().protection().engine()).isEqualTo(engine);
  }

  @Test
  void archiveRunsAsItsConfigurationSays() throws Exception {
    Path archive = host().folder("images").resolve("probe.tar");
    writeArchive(archive);
    Guest guest = host().run("archive", "--image", archive.toString());
    killTwice(guest);
    assertThat(guest.console()).contains("greeting=hello folder=/work user=1000");
    assertThat(guest.show().machine()).isEqualTo("microvm");
  }

  /** In the form that {@code docker save} writes. */
  private static void writeArchive(Path file) throws Exception {
    Path layer = file.resolveSibling("layer.tar");
    try (TarArchiveOutputStream tar = new TarArchiveOutputStream(Files.newOutputStream(layer))) {
      put(tar, "bin/busybox", Files.readAllBytes(Path.of("/bin/busybox")), 0755);
      put(tar, "probe", Files.readAllBytes(Probe.program()), 0755);
      put(tar, "work/file", new byte[0], 0644);
    }
    String config =
        """
        {"os":"linux","architecture":"amd64","config":{
          "Entrypoint":["/bin/busybox","sh","-c",
            "echo greeting=$GREETING folder=$(/bin/busybox pwd) user=$(/bin/busybox id -u); exec /probe"],
          "Env":["GREETING=hello"],"WorkingDir":"/work","User":"1000"},
         "rootfs":{"type":"layers","diff_ids":["sha256:%s"]}}
        """
            .formatted(sha256(Files.readAllBytes(layer)));
    String manifest =
        "[{\"Config\":\"config.json\",\"RepoTags\":[\"probe:1\"],\"Layers\":[\"layer.tar\"]}]";
    try (TarArchiveOutputStream tar = new TarArchiveOutputStream(Files.newOutputStream(file))) {
      put(tar, "layer.tar", Files.readAllBytes(layer), 0644);
      put(tar, "config.json", config.getBytes(StandardCharsets.UTF_8), 0644);
      put(tar, "manifest.json", manifest.getBytes(StandardCharsets.UTF_8), 0644);
    }
  }

  private static void put(TarArchiveOutputStream tar, String name, byte[] content, int mode)
      throws Exception {
    TarArchiveEntry entry = new TarArchiveEntry(name);
    entry.setMode(mode);
    entry.setSize(content.length);
    tar.putArchiveEntry(entry);
    tar.write(content);
    tar.closeArchiveEntry();
  }

  private static String sha256(byte[] bytes) throws Exception {
    return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
  }

  @Test
  void fullMachineFromABootableDiskGoesOn() throws Exception {
    Path disk = BootableDisk.make(host().folder("disk"), host().paths().cache().resolve("kernel"));
    Guest guest = host().run("disk", "--disk", disk.toString());
    killTwice(guest);
    assertThat(guest.show().machine()).isEqualTo("q35");
    guest.resetItself();
    try (CountingClient client = guest.countWithProbe()) {
      client.await(10);
      guest.awaitProtected();
      long killed = guest.kill(Victim.HYPERVISOR);
      client.await(10);
      guest.awaitProtectedAfter(Victim.HYPERVISOR, killed);
    }
    guest.tell("off");
    assertThat(guest.awaitOutcome().state()).isEqualTo(GuestStatus.State.STOPPED);
  }

  @Test
  void volumeIsKeptForTheNextGuestOfItsName() throws Exception {
    String program = Probe.program().toString();
    Guest first = host().run("first", "--volume", "kept:/data:64M", "--", program);
    try (CountingClient records = CountingClient.records(first.address(), "/data/records")) {
      records.await(5);
      first.awaitProtected();
      long killed = first.kill(Victim.HYPERVISOR);
      records.await(5);
      first.awaitProtectedAfter(Victim.HYPERVISOR, killed);
    }
    first.delete();
    assertThat(host().must("volume", "list").out()).contains("kept");
    Guest second = host().run("second", "--volume", "kept:/data", "--", program);
    try (CountingClient records = CountingClient.records(second.address(), "/data/records")) {
      records.await(1);
      assertThat(records.last()).as("goes on after the first guest's records").isGreaterThan(10);
    }
    second.delete();
    host().must("volume", "delete", "-y", "kept");
  }
}
