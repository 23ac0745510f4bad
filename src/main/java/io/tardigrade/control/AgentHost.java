package io.tardigrade.control;

import io.tardigrade.guest.GuestStatus;
import io.tardigrade.guest.HostPaths;
import io.tardigrade.incident.Event;
import io.tardigrade.incident.Incident;
import io.tardigrade.launch.GuestKeeper;
import io.tardigrade.launch.RefusedException;
import io.tardigrade.preserve.Place;
import io.tardigrade.process.AgentLauncher;
import io.tardigrade.process.SilentException;
import io.tardigrade.process.UnixHttp;
import io.tardigrade.recoverymanager.Maintenance;
import java.io.IOException;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * This host as a command sees it. What changes something is asked of the agent, which is started
 * where none runs and replaced where it hangs. What only reads is asked of the agent that runs; the
 * files tell the same where there is none, so that looking at a host starts nothing.
 */
public final class AgentHost implements HostApi {
  /** Reading need not wait for an agent that hangs: what it would tell is in the files too. */
  private static final long READ_ANSWER_MILLIS_MAX = 2000;

  private final HostPaths paths;
  private final Consumer<String> progress;
  private final ApiClient agent;

  /**
   * The host with these paths.
   *
   * @param progress is told, in a few words, what is odd and what takes time
   */
  public AgentHost(HostPaths paths, Consumer<String> progress) {
    this.paths = paths;
    this.progress = progress;
    this.agent = new ApiClient(AgentLauncher.socket(paths));
  }

  private HostService files() {
    return HostService.onHost(paths, () -> {});
  }

  private interface Question<T> {
    T ask(HostApi host) throws IOException;
  }

  private <T> T read(Question<T> question) throws IOException {
    if (agentAnswers()) {
      try {
        return question.ask(agent);
      } catch (ApiClient.LostException | ApiClient.NobodyException e) {
        // It ended just now.
      }
    }
    return question.ask(files());
  }

  private boolean agentAnswers() {
    try {
      var _ = AgentLauncher.ask(paths, READ_ANSWER_MILLIS_MAX);
      return true;
    } catch (SilentException e) {
      progress.accept("the agent does not answer; reading the files instead");
      return false;
    } catch (IOException e) {
      return false;
    }
  }

  private interface Change<T> {
    T ask(ApiClient agent) throws IOException, InterruptedException;
  }

  private <T> T change(Change<T> change) throws IOException, InterruptedException {
    GuestKeeper.checkStateFolder(paths);
    try (UnixHttp http = connect()) {
      return change.ask(new ApiClient(http));
    } catch (ApiClient.LostException e) {
      throw new RefusedException(RefusedException.Kind.AGENT_UNREACHABLE, ApiClient.lost(e), e);
    }
  }

  private UnixHttp connect() {
    try {
      return AgentLauncher.connect(paths, progress);
    } catch (IOException e) {
      throw unreachable(e);
    }
  }

  private static RefusedException unreachable(IOException e) {
    return new RefusedException(
        RefusedException.Kind.AGENT_UNREACHABLE,
        "the host's agent cannot be started, so nothing was done: " + e.getMessage(),
        e);
  }

  @Override
  public List<GuestStatus> guests() throws IOException {
    return read(HostApi::guests);
  }

  @Override
  public GuestStatus guest(String name) throws IOException {
    return read(host -> host.guest(name));
  }

  @Override
  public GuestStatus run(RunRequest request, Consumer<String> told)
      throws IOException, InterruptedException {
    return change(agent -> agent.run(request, told));
  }

  @Override
  public GuestStatus start(String name, Consumer<String> told)
      throws IOException, InterruptedException {
    return change(agent -> agent.start(name, told));
  }

  @Override
  public GuestStatus stop(String name, long timeoutMillis)
      throws IOException, InterruptedException {
    return change(agent -> agent.stop(name, timeoutMillis));
  }

  @Override
  public GuestStatus move(String name, Place to, Consumer<String> told)
      throws IOException, InterruptedException {
    return change(agent -> agent.move(name, to, told));
  }

  @Override
  public void replicate(String name, ReplicationRequest request, Consumer<String> told)
      throws IOException, InterruptedException {
    Boolean _ =
        change(agent -> {
          agent.replicate(name, request, told);
          return true;
        });
  }

  @Override
  public void delete(String name) throws IOException, InterruptedException {
    Boolean _ =
        change(agent -> {
          agent.delete(name);
          return true;
        });
  }

  @Override
  public List<Event> events(@Nullable String guest) throws IOException {
    return read(host -> host.events(guest));
  }

  @Override
  public void follow(@Nullable String guest, Consumer<Event> consumer) throws IOException {
    Resumed resumed = new Resumed(consumer);
    if (agentAnswers()) {
      try {
        agent.follow(guest, resumed);
        return;
      } catch (ApiClient.LostException | ApiClient.NobodyException e) {
        resumed.again();
      }
    }
    if (!Thread.currentThread().isInterrupted()) {
      files().follow(guest, resumed);
    }
  }

  /** Passes on each event once, also where the list of them is begun anew. */
  private static final class Resumed implements Consumer<Event> {
    private final Consumer<Event> consumer;
    private long seen;
    private long skip;

    Resumed(Consumer<Event> consumer) {
      this.consumer = consumer;
    }

    void again() {
      skip = seen;
    }

    @Override
    public void accept(Event event) {
      if (skip > 0) {
        skip--;
        return;
      }
      seen++;
      consumer.accept(event);
    }
  }

  @Override
  public List<Incident> incidents(@Nullable String guest) throws IOException {
    return read(host -> host.incidents(guest));
  }

  @Override
  public Incident incident(String id) throws IOException {
    return read(host -> host.incident(id));
  }

  @Override
  public Maintenance maintenance() throws IOException {
    return read(HostApi::maintenance);
  }

  /** Kept in a file, which the next agent heeds as well: none is started for it. */
  @Override
  public Maintenance maintain(boolean on, String reason) throws IOException {
    return read(host -> host.maintain(on, reason));
  }

  @Override
  public Maintenance acknowledge() throws IOException {
    return read(HostApi::acknowledge);
  }

  /** The agent alone knows: it is started where none runs. */
  @Override
  public ClusterApi cluster() {
    return new AgentCluster(this::connect);
  }

  @Override
  public HostFacts host() throws IOException {
    return read(HostApi::host);
  }
}
