package io.tardigrade.cli;

import io.tardigrade.cluster.ClusterConfig;
import io.tardigrade.control.HostGuests;
import io.tardigrade.guest.GuestStatus;
import io.tardigrade.guest.Quantities;
import java.io.IOException;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code list}. */
@Command(
    name = "list",
    aliases = "ls",
    description = "List the guests, in a cluster those of all hosts.")
final class ListCommand extends Subcommand {
  private static final int PROGRAM_CHARS_MAX = 60;

  @Mixin private OutputOption output = new OutputOption();

  ListCommand(Cli cli) {
    super(cli);
  }

  @Option(names = "--local", description = "Only what this host runs or keeps, as it tells it.")
  private boolean local;

  @Override
  public Integer call() throws IOException, InterruptedException {
    if (local || !(cli().isRemote() || ClusterConfig.read(paths()).isPresent())) {
      output.list(session(), host().guests(), GuestStatus::name, table());
    } else {
      listCluster();
    }
    return ExitCode.DONE.code();
  }

  private void listCluster() throws IOException, InterruptedException {
    List<HostGuests> hosts = host().cluster().guests();
    for (HostGuests silent : hosts) {
      if (!silent.fault().isEmpty()) {
        session().progress("host " + silent.host() + " " + silent.fault());
      }
    }
    output.list(
        session(),
        ClusterList.rows(hosts),
        row -> row.guest().name(),
        table().of(ClusterList.Row::guest, "HOST", row -> Text.orNone(row.host())));
  }

  private Table<GuestStatus> table() {
    return new Table<GuestStatus>()
        .column("NAME", GuestStatus::name)
        .column("STATE", g -> g.state().name(), Colour::ofState)
        .column("ADDRESS", g -> Text.orNone(g.address()))
        .column("MEMORY", g -> Quantities.bytes(g.memoryBytes()))
        .column("VCPUS", g -> Integer.toString(g.vcpus()))
        .column("PROTECTION", ListCommand::protection)
        .column("EPOCH", ListCommand::epoch)
        .column("RECOVERIES", g -> Long.toString(g.recoveries().count()))
        .column("AGE", g -> Text.age(g.createdAt(), session().clock().instant()))
        .column("PROGRAM", g -> Text.shortened(Text.orNone(g.program()), PROGRAM_CHARS_MAX));
  }

  private static String protection(GuestStatus guest) {
    GuestStatus.@Nullable Replica replica = guest.replica();
    if (replica != null) {
      boolean runsHere = replica.role().equals("primary");
      return runsHere || !replica.text().isEmpty()
          ? replica.text()
          : "runs on " + Text.orNone(replica.primary());
    }
    @Nullable String engine = guest.protection().engine();
    return guest.state() == GuestStatus.State.RUNNING ? Text.orNone(engine) : Text.NONE;
  }

  private static String epoch(GuestStatus guest) {
    long epoch = guest.protection().committedEpoch();
    return epoch == 0 ? Text.NONE : Long.toString(epoch);
  }
}
