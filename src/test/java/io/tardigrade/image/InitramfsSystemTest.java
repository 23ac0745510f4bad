package io.tardigrade.image;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

@Tag("system")
@Tag("aside")
class InitramfsSystemTest {
  private static final Duration MINUTE = Duration.ofMinutes(1);

  @TempDir Path folder;

  @Test
  void programGetsItsArgumentsEnvironmentUserAndFolderAndItsStatusIsTold() throws Exception {
    Path script = folder.resolve("show");
    Files.writeString(
        script,
        """
        #!/usr/bin/bash
        echo "self=$0"
        for a in "$@"; do printf 'arg=[%s]\\n' "$a" | /usr/bin/od -An -c | /usr/bin/tr -d '\\n'; echo; done
        printf 'arg1=[%s]\\n' "$1"
        /usr/bin/env | /usr/bin/sort
        /usr/bin/id
        pwd
        /usr/bin/tty
        exit 7
        """);
    Files.setPosixFilePermissions(script, PosixFilePermissions.fromString("rwxr-xr-x"));
    Map<String, String> environment = new LinkedHashMap<>();
    environment.put("QUOTED", "it's \"so\" $HOME `x` \\");
    GuestSettings settings =
        GuestSettings.named("kv")
            .withUser("nobody")
            .withEnvironment(environment)
            .withWorkingFolder("/var/lib");
    List<String> argv = List.of(script.toString(), "a 'b' \"c\" $d", "", "two\nlines", "ü\u0007");
    List<String> tools =
        List.of(
            "/usr/bin/od",
            "/usr/bin/tr",
            "/usr/bin/env",
            "/usr/bin/sort",
            "/usr/bin/id",
            "/usr/bin/tty");
    BootPlan plan =
        new Initramfs(BootedGuest.kernel()).build(folder.resolve("initrd"), settings, argv, tools);
    try (BootedGuest guest = BootedGuest.boot(plan, folder, Map.of())) {
      String console = guest.awaitPowerOff();
      assertThat(console).contains("arg1=[a 'b' \"c\" $d]\n");
      assertThat(console)
          .contains("self=" + script + "\n")
          .contains("QUOTED=it's \"so\" $HOME `x` \\\n");
      assertThat(console).contains("t   w   o  \\n   l   i   n   e   s").contains("303 274  \\a");
      assertThat(console).contains("uid=65534(nobody) gid=65534(nogroup) groups=65534(nogroup)\n");
      assertThat(console).contains("HOSTNAME=kv\n").contains("\n/var/lib\n/dev/ttyS0\n");
      assertThat(console).contains("\ntardigrade: program exited with status 7\n");
    }
  }

  @Test
  void powerButtonStopsAProgramThatWritesToItsVolume() throws Exception {
    Path volume = folder.resolve("data.img");
    VolumeFormat.create(volume, 32 << 20);
    GuestVolume data = new GuestVolume("a-volume-with-a-rather-long-name", "/srv/data");
    GuestSettings settings =
        GuestSettings.named("kv")
            .withVolumes(List.of(data))
            .withNetwork(new GuestNetwork("10.9.8.7", 24, "10.9.8.1", List.of("10.9.8.1")));
    String script =
        """
        trap 'echo got TERM; cp /proc/uptime /srv/data/stopped; exit 3' TERM
        sleep 1000 & setsid sleep 2000 &
        grep srv /proc/mounts; cat /etc/resolv.conf; ip -4 addr show dev eth0
        read line; echo "read: $line"; echo "$line" >/srv/data/line; wait
        """;
    Path busybox = Path.of("/bin/busybox");
    BootPlan plan =
        new Initramfs(BootedGuest.kernel())
            .build(
                folder.resolve("initrd"),
                settings,
                List.of(busybox.toString(), "sh", "-c", script),
                List.of());
    String[] card = {"-netdev", "user,id=n0", "-device", "virtio-net-device,netdev=n0"};
    try (BootedGuest guest = BootedGuest.boot(plan, folder, Map.of(data.serial(), volume), card)) {
      guest.awaitConsole("inet 10.9.8.7/24");
      guest.type("typed by the user\n");
      guest.awaitConsole("read: typed by the user").pressPowerButton();
      String console = guest.awaitPowerOff();
      assertThat(console).contains(" /srv/data ext4 ").contains("nameserver 10.9.8.1\n");
      assertThat(console).contains("got TERM\n");
      assertThat(console).contains("\ntardigrade: program exited with status 3\n");
    }
    String check = HostCommand.run(null, MINUTE, List.of("e2fsck", "-n", volume.toString()));
    assertThat(check).as("unmounted, so no journal is left to replay").contains("clean");
    assertThat(readBack(volume, "/line")).isEqualTo("typed by the user\n");
    assertThat(readBack(volume, "/stopped")).isNotEmpty();
  }

  @Test
  void containerImageRunsFromItsRootDisk() throws Exception {
    byte[] busybox = Files.readAllBytes(Path.of("/bin/busybox"));
    ImageArchive.LayerWriter layer =
        new ImageArchive.LayerWriter()
            .file("bin/busybox", busybox, 0755, 0, 0)
            .link("bin/sh", "busybox")
            .file("etc/passwd", "app:x:1000:1000::/home/app:/bin/sh\n")
            .file("etc/group", "app:x:1000:\nextra:x:77:app\n")
            .folder("data", 0777)
            .file("secret", "x".getBytes(StandardCharsets.UTF_8), 0600, 0, 0);
    ImageArchive archive = new ImageArchive().layer(layer);
    archive.config =
        "{\"Entrypoint\":[\"sh\",\"-c\"],\"Cmd\":[\"exit 9\"],\"User\":\"app\","
            + "\"Env\":[\"PATH=/bin\",\"FOO=from image\"],\"WorkingDir\":\"/data/made\"}";
    Path disk = folder.resolve("root.img");
    String script =
        "pwd; id; echo FOO=$FOO HOME=$HOME; grep ' / ' /proc/mounts; cat /secret;"
            + "echo kept >/data/kept; ls -ld /data/made /proc/1; cat /etc/hostname; exit 5";
    BootPlan plan =
        new OciArchive(BootedGuest.kernel())
            .build(
                archive.writeLayout(folder.resolve("a.tar")),
                folder.resolve("initrd"),
                disk,
                GuestSettings.named("web"),
                List.of(script),
                64 << 20);
    try (BootedGuest guest = BootedGuest.boot(plan, folder, Map.of())) {
      String console = guest.awaitPowerOff();
      assertThat(console).contains("/data/made\nuid=1000(app) gid=1000(app) groups=77(extra)");
      assertThat(console).contains("FOO=from image HOME=/home/app\n").contains("/ ext4 ");
      assertThat(console).contains("'/secret': Permission denied").contains("\nweb\n");
      assertThat(console).contains("\ntardigrade: program exited with status 5\n");
    }
    assertThat(readBack(disk, "/data/kept")).isEqualTo("kept\n");
    assertThat(HostCommand.run(null, MINUTE, List.of("e2fsck", "-n", disk.toString())))
        .contains("clean");
  }

  @Test
  void guestWhoseVolumeIsMissingSaysSoAndPowersOff() throws Exception {
    GuestSettings settings =
        GuestSettings.named("kv").withVolumes(List.of(new GuestVolume("lost", "/srv")));
    BootPlan plan =
        new Initramfs(BootedGuest.kernel())
            .build(folder.resolve("initrd"), settings, List.of("/bin/busybox", "true"), List.of());
    try (BootedGuest guest = BootedGuest.boot(plan, folder, Map.of())) {
      assertThat(guest.awaitPowerOff())
          .contains("tardigrade: cannot start: there is no disk with the serial number lost\n")
          .contains("tardigrade: program exited with status 125\n");
    }
  }

  private static String readBack(Path disk, String file) throws Exception {
    return HostCommand.run(null, MINUTE, List.of("debugfs", "-R", "cat " + file, disk.toString()));
  }
}
