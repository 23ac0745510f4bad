package io.tardigrade.agent;

import io.tardigrade.control.ApiClient;
import io.tardigrade.control.HostService;
import io.tardigrade.control.RunRequest;
import io.tardigrade.guest.HostPaths;
import io.tardigrade.guest.UsageException;
import io.tardigrade.launch.RefusedException;
import io.tardigrade.process.AgentInfo;
import io.tardigrade.process.AgentLauncher;
import io.tardigrade.process.Program;
import java.io.Closeable;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Instant;

/** An agent's API without an agent, so that what it needs gets into the cache of classes. */
public final class WarmUp {
  private WarmUp() {}

  /** Serves an installation that has no guest, and asks a few things itself. */
  public static Closeable serve(HostPaths paths) throws IOException {
    AgentInfo info =
        new AgentInfo(
            Program.version(),
            Program.build(),
            "",
            ProcessHandle.current().pid(),
            true,
            Instant.EPOCH);
    Path socket = AgentLauncher.socket(paths);
    ApiServer server =
        ApiServer.listen(socket, new Routes(HostService.onHost(paths, () -> {}), info, () -> {}));
    try {
      new ApiClient(socket)
          .run(
              new RunRequest(
                  "x", null, null, null, null, null, null, null, null, null, null, null, null, null,
                  null),
              _ -> {});
    } catch (UsageException | RefusedException e) {
      // As it should be: nothing to run was given.
    }
    return server;
  }
}
