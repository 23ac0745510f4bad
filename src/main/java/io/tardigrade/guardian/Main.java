package io.tardigrade.guardian;

import io.tardigrade.checkpoint.CommittedImage;
import io.tardigrade.guest.GuestFiles;
import io.tardigrade.guest.GuestFiles.Outcome;
import io.tardigrade.guest.GuestSpec;
import io.tardigrade.guest.GuestStatus;
import io.tardigrade.guest.HostPaths;
import io.tardigrade.guest.ReplicaSpec;
import io.tardigrade.preserve.BootId;
import io.tardigrade.preserve.Life;
import io.tardigrade.process.AgentLauncher;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Instant;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The guardian process of one guest: {@code Main NAME}, or {@code Main --spare} and the name on
 * stdin once it is needed, with the folders in the environment. Started by the agent, ended by the
 * guest. Exit status 0: the guest has ended and its outcome is written; 3: another guardian has it;
 * 4: the guest is frozen; anything else is a failure, after which the agent starts the next one.
 */
public final class Main {
  static final int FROZEN_STATUS = 4;

  private Main() {}

  public static void main(String[] args) {
    int status;
    try {
      HostPaths paths = HostPaths.of(System.getenv());
      String name = args[0].equals("--spare") ? awaitName() : args[0];
      if (name == null) {
        Runtime.getRuntime().halt(0);
        return;
      }
      Log.into(paths.guest(name).resolve("guardian.log"));
      status = serve(paths, name);
    } catch (IOException | RuntimeException e) {
      Log.bug("guardian failed", e);
      status = 1;
    }
    // Threads that still wait for a process or a terminal must not keep the guardian alive.
    Runtime.getRuntime().halt(status);
  }

  /** Waits for the guest to serve, with everything loaded that can be; null where none comes. */
  private static @Nullable String awaitName() throws IOException {
    WarmUp.run();
    try (BufferedReader stdin =
        new BufferedReader(new InputStreamReader(System.in, StandardCharsets.US_ASCII))) {
      return stdin.readLine();
    }
  }

  private static int serve(HostPaths paths, String name) throws IOException {
    Path run = paths.guestRun(name);
    Files.createDirectories(run);
    try (FileChannel lockFile =
            FileChannel.open(
                run.resolve("guardian.lock"), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
        FileLock lock = lockFile.tryLock()) {
      if (lock == null) {
        Log.warn("another guardian serves " + name);
        return 3;
      }
      GuestFiles files = GuestFiles.of(paths, name);
      PredecessorLoss loss = Predecessor.find(paths, name);
      Predecessor.endHypervisors(run);
      Predecessor.noteStart(paths, name);
      Freeze.thaw(paths, name);
      Optional<ReplicaSpec> replica = ReplicaSpec.read(paths, name);
      Outcome outcome =
          replica.isPresent()
              ? serveAsMember(paths, replica.get(), loss)
              : serveUntilEnd(paths, files, loss);
      if (outcome == null) {
        return FROZEN_STATUS;
      }
      if (outcome.state() == GuestStatus.State.STOPPED) {
        if (Files.isDirectory(paths.image(name))) {
          CommittedImage.delete(paths.image(name));
        }
        ReplicaFounding.delete(paths, name);
      }
      Predecessor.noteEnd(paths, name);
      return 0;
    }
  }

  /**
   * Starts the next agent whenever the one that runs is lost: each of the two kinds of process
   * heals the other. One that started this guardian before it was up itself is not doubled.
   */
  private static void keepAgent(HostPaths paths) {
    ProcessHandle.current()
        .parent()
        .filter(AgentLauncher::isAgent)
        .ifPresent(agent -> AgentLauncher.awaitServing(paths, agent::isAlive));
    while (true) {
      AgentLauncher.awaitLoss(paths);
      try {
        AgentLauncher.ensureAny(paths, Log::warn);
      } catch (IOException e) {
        Log.warn(String.valueOf(e.getMessage()));
      }
    }
  }

  /** As {@link #serveUntilEnd}, of a guest that other hosts hold as well. */
  private static @Nullable Outcome serveAsMember(
      HostPaths paths, ReplicaSpec replica, @Nullable PredecessorLoss loss) throws IOException {
    Thread.ofPlatform().name("agent-watch").daemon().start(() -> keepAgent(paths));
    return ReplicaMain.serve(paths, replica, loss, status -> Runtime.getRuntime().halt(status));
  }

  /** Where it returns, the outcome is written; null where the guest was frozen. */
  private static @Nullable Outcome serveUntilEnd(
      HostPaths paths, GuestFiles files, @Nullable PredecessorLoss loss) throws IOException {
    GuestSpec spec = files.spec();
    Resources resources;
    try {
      resources = Resources.open(paths, spec, loss);
    } catch (KeptException e) {
      Outcome outcome = KeptGuest.keep(paths, spec.name(), loss, e);
      files.writeOutcome(outcome);
      return outcome;
    } catch (IOException e) {
      Outcome outcome = refused(paths, spec, e);
      files.writeOutcome(outcome);
      return outcome;
    }
    Life life = new Life(BootId.current(), resources.place());
    if (loss == null || loss.host() == null) {
      life.write(paths.guest(spec.name()));
    }
    if (loss != null) {
      CommitMarks marks = CommitMarks.decode(resources.image().marks());
      loss = loss.notBefore(Instant.ofEpochMilli(marks.takenMillis()));
    }
    try (resources;
        Guardian guardian = new Guardian(paths, spec, resources);
        ControlServer _ = new ControlServer(guardian.socket(), guardian, resources.console())) {
      boolean connected = loss == null || loss.host() == null;
      Outcome outcome = guardian.run(loss, new ServedHere(paths, spec, life, connected));
      if (outcome != null) {
        // While the guardian still answers: who asks must never find neither of the two.
        files.writeOutcome(outcome);
      }
      return outcome;
    }
  }

  /** What this process does at the turns of its guest's life. */
  private record ServedHere(HostPaths paths, GuestSpec spec, Life life, boolean connected)
      implements Serving {
    @Override
    public void begins() throws IOException {
      if (!connected) {
        Resources.connect(paths, spec);
      }
      serves(paths, spec.name(), life);
    }

    @Override
    public void ends() {}

    @Override
    public void frozen() {
      // The kernel ends the hypervisors with us, faster than we can close what they hold.
      Runtime.getRuntime().halt(FROZEN_STATUS);
    }
  }

  /**
   * The guest runs: from here on a loss of the host is one of this boot. An agent that resumes
   * guests answers nobody before, and must not be taken to hang.
   */
  private static void serves(HostPaths paths, String name, Life life) throws IOException {
    life.write(paths.guest(name));
    Thread.ofPlatform().name("agent-watch").daemon().start(() -> keepAgent(paths));
  }

  /**
   * What cannot be opened now will not open for the next guardian either: tell the user instead of
   * trying for ever.
   */
  private static Outcome refused(HostPaths paths, GuestSpec spec, IOException e)
      throws IOException {
    Log.warn("cannot serve " + spec.name() + ": " + e.getMessage());
    GuestFiles.of(paths, spec.name()).writeDesired(false);
    return new Outcome(
        GuestStatus.State.FAILED, String.valueOf(e.getMessage()), null, Instant.now());
  }
}
