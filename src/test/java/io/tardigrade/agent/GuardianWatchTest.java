package io.tardigrade.agent;

import static org.assertj.core.api.Assertions.assertThat;

import io.tardigrade.guest.HostPaths;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** How a guardian's end is told apart. */
final class GuardianWatchTest {
  private static final String SPEC =
      """
      {"version":1,"name":"kv","memory_bytes":1048576,"vcpus":1,"checkpoint_interval_millis":1,
      "hang_timeout_millis":2000,"protect":true,"fixed_timer":false,"machine":"MICROVM",
      "accelerator":"TCG","volumes":[],"publish":[],"address":"","prefix_length":24,"gateway":"",
      "nameservers":[],"mac":"","tap":"","bridge":"","user_id":1,"program":"",
      "created_at":"2000-01-01T00:00:00Z"}
      """;

  @TempDir private Path folder;

  @Test
  void endOfAGuestIsNoFailureAlsoWhereTheGuestIsDeletedMeanwhile() throws Exception {
    assertThat(watched("sleep 0.3; exit 0", true).endedWithGuest()).isTrue();
    assertThat(watched("sleep 0.3; exit 0", false).endedWithGuest()).isTrue();
    assertThat(watched("sleep 0.3; exit 1", true).endedWithGuest()).isFalse();
    assertThat(watched("sleep 0.3; kill -9 $$", true).endedWithGuest()).isFalse();
  }

  private GuardianWatch watched(String script, boolean withFolder)
      throws IOException, InterruptedException {
    HostPaths paths =
        HostPaths.of(
            Map.of(
                "TARDIGRADE_STATE", folder.resolve("state").toString(),
                "TARDIGRADE_RUN", folder.resolve("run").toString(),
                "TARDIGRADE_IMAGES", folder.resolve("images").toString()));
    String guest = withFolder ? "kv" : "gone";
    Files.createDirectories(paths.guest(guest));
    Files.writeString(paths.guest(guest).resolve("spec.json"), SPEC);
    if (withFolder) {
      Files.createDirectories(paths.guestRun(guest));
    }
    Process process = new ProcessBuilder("sh", "-c", script).start();
    CountDownLatch changed = new CountDownLatch(1);
    GuardianWatch watch =
        new GuardianWatch(paths, guest, process.pid(), process, changed::countDown);
    watch.start();
    assertThat(changed.await(30, TimeUnit.SECONDS)).isTrue();
    return watch;
  }
}
