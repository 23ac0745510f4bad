package io.tardigrade.image;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

@Tag("system")
class InitramfsSystemTest {
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
      System.out.println(console);
      assertThat(console).contains("arg1=[a 'b' \"c\" $d]\n");
      assertThat(console).contains("tardigrade: program exited with status 7\n");
    }
  }
}
