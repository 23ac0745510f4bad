package io.tardigrade.recoverymanager;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.tardigrade.guest.HostPaths;
import io.tardigrade.guest.UsageException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class MaintenanceFileTest {
  @TempDir Path dir;

  private MaintenanceFile file() {
    return new MaintenanceFile(
        HostPaths.of(Map.of("TARDIGRADE_STATE", dir.resolve("state").toString())));
  }

  @Test
  void staysOnUntilItIsTurnedOff() throws IOException {
    assertThat(file().read().on()).isFalse();
    file().set(true, "new disks", Instant.parse("2026-11-22T18:00:00Z"));
    file().set(true, "again", Instant.parse("2026-11-22T19:00:00Z"));
    assertThat(file().read())
        .isEqualTo(
            new Maintenance(true, Instant.parse("2026-11-22T18:00:00Z"), "new disks", 0, null));
    file().set(false, "", Instant.EPOCH);
    file().set(false, "", Instant.EPOCH);
    assertThat(file().isOn()).isFalse();
  }

  @Test
  void fileThatCannotBeReadSaysThatSomebodyWantedItOn() throws IOException {
    for (String text : new String[] {"", "{", "{\"since\":null}", "[]"}) {
      Files.createDirectories(dir.resolve("state"));
      Files.writeString(dir.resolve("state/maintenance.json"), text);
      assertThat(file().read().on()).as(text).isTrue();
      assertThat(file().read().reason()).startsWith("taken for on");
    }
  }

  @Test
  void reasonIsOneLine() {
    for (String reason : new String[] {"a\nb", "\u001b[31m", "x".repeat(201)}) {
      assertThatThrownBy(() -> file().set(true, reason, Instant.EPOCH))
          .isInstanceOf(UsageException.class);
    }
    assertThat(file().isOn()).isFalse();
  }

  @Test
  void failedResetsAreCountedUntilTheyAreAcknowledged() throws IOException {
    new HistoryFile(dir.resolve("state"))
        .store(new HistoryFile.Content("b", false, HistoryFileTest.eventful()), true);
    assertThat(file().read().failedResets()).isEqualTo(2);
    assertThat(file().read().lastReset()).isEqualTo(Instant.ofEpochMilli(1_767_225_600_000L));
    file().acknowledge();
    assertThat(file().read().failedResets()).isZero();
    assertThat(file().isAcknowledged()).isTrue();
    file().clearAcknowledged();
    assertThat(file().isAcknowledged()).isFalse();
  }
}
