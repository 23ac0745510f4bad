package io.tardigrade.reset;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.tardigrade.guardian.Freeze;
import io.tardigrade.guest.GuestFiles;
import io.tardigrade.guest.HostPaths;
import io.tardigrade.launch.RefusedException;
import io.tardigrade.preserve.ResetLock;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A reset whose process is killed leaves nobody frozen. */
class AbandonedResetTest {
  private static final List<String> GUESTS = List.of("kv", "other");

  @TempDir private Path folder;
  private HostPaths paths;

  @BeforeEach
  void makeHost() throws IOException {
    paths =
        HostPaths.of(
            Map.of(
                "TARDIGRADE_STATE", folder.resolve("state").toString(),
                "TARDIGRADE_RUN", folder.resolve("run").toString(),
                "TARDIGRADE_IMAGES", folder.resolve("images").toString()));
    for (String name : GUESTS) {
      Files.createDirectories(paths.guestRun(name));
      Files.createDirectories(paths.guest(name));
    }
    Files.createDirectories(paths.preserved());
    Files.writeString(paths.preserved().resolve("manifest"), "sealed");
  }

  private void freeze(String name, long epoch) throws IOException {
    Files.writeString(
        paths.guestRun(name).resolve("frozen"),
        "{\"epoch\":%d,\"at\":\"2026-11-23T04:00:00Z\",\"refusal\":null}".formatted(epoch));
    Files.createFile(paths.guestRun(name).resolve("guardian.lock"));
  }

  private ResetLock reset() throws IOException {
    return ResetLock.take(paths).orElseThrow();
  }

  @Test
  void guestStaysFrozenOnlyWhileTheResetGoesOn() throws Exception {
    freeze("kv", 7);
    try (ResetLock _ = reset()) {
      assertThat(Freeze.isFrozen(paths, "kv")).isTrue();
      assertThat(AbandonedReset.takeBack(paths, GUESTS)).isEmpty();
      assertThat(Freeze.isFrozen(paths, "kv")).isTrue();
    }
    assertThat(Freeze.isFrozen(paths, "kv")).isFalse();
    assertThat(AbandonedReset.takeBack(paths, GUESTS)).containsExactly("kv");
    assertThat(Freeze.standing(paths, "kv")).isEmpty();
    // Believed after a panic, it would have the guest kept for an epoch that has passed.
    assertThat(paths.preserved().resolve("manifest")).doesNotExist();
    try (ResetLock _ = reset()) {
      assertThat(Freeze.isFrozen(paths, "kv")).isFalse();
    }
  }

  @Test
  void guestThatWasShutDownForAResetBootsAgain() throws Exception {
    freeze("kv", 0);
    GuestFiles files = GuestFiles.of(paths, "kv");
    files.writeDesired(false);
    assertThat(AbandonedReset.takeBack(paths, GUESTS)).containsExactly("kv");
    assertThat(files.desiredRunning()).isTrue();
  }

  @Test
  void stoppedGuestThatNoResetHasTouchedStaysStopped() throws Exception {
    GuestFiles.of(paths, "other").writeDesired(false);
    freeze("kv", 7);
    assertThat(AbandonedReset.takeBack(paths, GUESTS)).containsExactly("kv");
    assertThat(GuestFiles.of(paths, "other").desiredRunning()).isFalse();
  }

  @Test
  void secondResetIsRefusedInOneLine() throws Exception {
    HostReset second = new HostReset(paths, name -> Optional.empty(), line -> {});
    NextKernel next = new NextKernel(Path.of("vmlinuz"), Path.of("initrd"), "");
    try (ResetLock _ = reset()) {
      assertThatThrownBy(() -> second.run(List.of(), next, "a test", "1", Repair.ALONE))
          .isInstanceOf(RefusedException.class)
          .hasMessageContaining("being reset already");
    }
    assertThatThrownBy(() -> second.run(List.of(), next, "a test", "1", Repair.ALONE))
        .hasMessageContaining("not mounted");
    assertThat(ResetLock.isHeld(paths)).isFalse();
  }
}
