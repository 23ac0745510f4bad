package io.tardigrade.agent;

import io.tardigrade.control.ApiClient;
import io.tardigrade.control.HostApi;
import io.tardigrade.doctor.Check;
import io.tardigrade.guest.HostPaths;
import io.tardigrade.process.AgentInfo;
import io.tardigrade.process.AgentLauncher;
import io.tardigrade.process.UnixHttp;
import java.io.Closeable;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;

/** The API of an agent in this process, in front of whatever host a test has. */
public final class TestAgent implements Closeable {
  private final Path socket;
  private final Routes routes;
  private final ApiServer server;

  private TestAgent(Path socket, HostApi host) throws IOException {
    this.socket = socket;
    AgentInfo info =
        new AgentInfo("test", "1-1", "25", ProcessHandle.current().pid(), false, Instant.EPOCH);
    this.routes = new Routes(host, info, () -> {});
    this.server = ApiServer.listen(socket, routes);
  }

  /** Serves where the agent of {@code paths} would. */
  public static TestAgent serve(HostPaths paths, HostApi host) throws IOException {
    Files.createDirectories(paths.run());
    return new TestAgent(AgentLauncher.socket(paths), host);
  }

  /** What a doctor says of a host that lacks little; a real one takes seconds to find out. */
  public static List<Check> fit() {
    return List.of(
        new Check("JDK", Check.Status.OK, "25"),
        new Check("accelerator", Check.Status.NOTE, "emulation"));
  }

  public ApiClient client() {
    return new ApiClient(socket);
  }

  UnixHttp connect() throws IOException {
    return UnixHttp.connect(socket);
  }

  Path socket() {
    return socket;
  }

  Routes routes() {
    return routes;
  }

  boolean isBusy() {
    return server.isBusy();
  }

  @Override
  public void close() throws IOException {
    server.close();
  }
}
