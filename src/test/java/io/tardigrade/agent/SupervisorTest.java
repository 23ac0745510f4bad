package io.tardigrade.agent;

import static org.assertj.core.api.Assertions.assertThat;

import io.tardigrade.guest.HostPaths;
import io.tardigrade.linux.ServiceManager;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** When an agent that has no guests ends. */
final class SupervisorTest {
  @TempDir private Path folder;

  /** Somebody is in once, just after nobody else was let in. */
  private static final class LateVisit implements Supervisor.Entrance {
    private final List<String> done = new ArrayList<>();

    @Override
    public boolean isBusy() {
      return done.equals(List.of("hide"));
    }

    @Override
    public void hide() {
      done.add("hide");
    }

    @Override
    public void show() {
      done.add("show");
    }
  }

  /** Whose guardian is to be started again although its run folder is gone. */
  @Test
  void guestWithoutARunFolderHasNoGuardian() throws IOException {
    assertThat(Supervisor.isLocked(folder.resolve("none"))).isFalse();
    assertThat(Supervisor.isLocked(folder)).isFalse();
  }

  @Test
  void whoComesInAtTheLastMomentIsServedBeforeAnIdleAgentEnds() throws IOException {
    HostPaths paths =
        HostPaths.of(
            Map.of(
                "TARDIGRADE_STATE", folder.resolve("state").toString(),
                "TARDIGRADE_RUN", folder.resolve("run").toString(),
                "TARDIGRADE_IMAGES", folder.resolve("images").toString()));
    LateVisit entrance = new LateVisit();
    try (Supervisor supervisor =
        new Supervisor(paths, ServiceManager.of(Map.of()), EarlyGuardians.ofThisProcess(paths))) {
      long start = System.nanoTime();
      assertThat(supervisor.run(true, entrance, () -> {})).isEqualTo("no guest is to run");
      assertThat(entrance.done).containsExactly("hide", "show", "hide");
      assertThat(System.nanoTime() - start).isGreaterThan(6_000_000_000L);
    }
  }
}
