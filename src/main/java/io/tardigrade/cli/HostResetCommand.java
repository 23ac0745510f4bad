package io.tardigrade.cli;

import io.tardigrade.cluster.ClusterConfig;
import io.tardigrade.control.HostControl;
import io.tardigrade.coordination.Coordination;
import io.tardigrade.process.Program;
import io.tardigrade.reset.ClusterRepair;
import io.tardigrade.reset.GuestFate;
import io.tardigrade.reset.HostReset;
import io.tardigrade.reset.NextKernel;
import io.tardigrade.reset.Repair;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code host reset}. */
@Command(
    name = "reset",
    description = {
      "Replace the host's operating system beneath its guests.",
      "Guests in preserved memory stand still for the time of it and go on with their memory and"
          + " their connections.",
      "Guests with a backup that is ready run there before, and do not feel it."
    })
final class HostResetCommand extends Subcommand {
  private static final long SERVICE_MILLIS_MAX = 10_000;

  @Option(
      names = "--kernel",
      paramLabel = "FILE",
      description = "Kernel to boot (default: the one that runs, from /boot).")
  private @Nullable Path kernel;

  @Option(
      names = "--initrd",
      paramLabel = "FILE",
      description = "Initial file system of that kernel (default: that of the one that runs).")
  private @Nullable Path initrd;

  @Option(
      names = "--command-line",
      paramLabel = "TEXT",
      description = "Its arguments (default: those of the one that runs).")
  private @Nullable String commandLine;

  @Option(
      names = "--reason",
      paramLabel = "TEXT",
      defaultValue = "asked for by its operator",
      description = "Why, for the guests' incidents.")
  private String reason = "";

  @Option(
      names = "--restart-others",
      description = "Go on although some guests cannot be resumed and will be restarted.")
  private boolean restartOthers;

  @Option(
      names = "--despite",
      paramLabel = "HOST",
      description = "Go on although this other host of the cluster is being repaired.")
  private @Nullable String despite;

  @Option(names = "--dry-run", description = "Say what would become of each guest, and stop.")
  private boolean dryRun;

  @Mixin private OutputOption output = new OutputOption();

  HostResetCommand(Cli cli) {
    super(cli);
  }

  @Override
  public Integer call() throws IOException {
    HostReset reset =
        new HostReset(paths(), new HostControl(paths(), () -> {})::status, session()::progress);
    List<GuestFate> fates = reset.fates();
    output.list(
        session(),
        fates,
        GuestFate::guest,
        new Table<GuestFate>()
            .column("GUEST", GuestFate::guest)
            .column("FATE", fate -> fate.fate().text())
            .column("REASON", GuestFate::reason));
    session().out().flush();
    if (!dryRun) {
      GuestFate.refuseLosses(fates, restartOthers);
    }
    NextKernel next = reset.next(new HostReset.Wanted(kernel, initrd, commandLine));
    if (dryRun) {
      session().progress("would boot " + next.kernel() + " with: " + next.commandLine());
      return ExitCode.DONE.code();
    }
    run(reset, fates, next);
    return ExitCode.FAILED.code();
  }

  private void run(HostReset reset, List<GuestFate> fates, NextKernel next) throws IOException {
    Optional<ClusterConfig> cluster = ClusterConfig.read(paths());
    if (cluster.isEmpty()) {
      reset.run(fates, next, reason, Program.version(), Repair.ALONE);
      return;
    }
    ClusterConfig config = cluster.get();
    try (Coordination coordination =
        new Coordination(config.servers(paths()), config.tls(paths()), line -> {})) {
      if (!coordination.await(SERVICE_MILLIS_MAX)) {
        throw new IOException(
            "whether another host is being repaired cannot be told: the coordination service does"
                + " not answer; 'tardigrade host list' shows which hosts are up");
      }
      reset.run(
          fates,
          next,
          reason,
          Program.version(),
          new ClusterRepair(config.name(), coordination.repairs(), despite));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted", e);
    }
  }
}
