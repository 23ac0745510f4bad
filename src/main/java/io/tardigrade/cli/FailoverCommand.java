package io.tardigrade.cli;

import io.tardigrade.control.ReplicationRequest;
import io.tardigrade.guest.GuestStatus;
import java.io.IOException;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code failover}. */
@Command(
    name = "failover",
    description = {
      "Have a backup take a guest over now, whatever its host is doing.",
      "For a host that is stuck and not taken for dead; 'switchover' is gentler."
    })
final class FailoverCommand extends RelocatingSubcommand {
  @Option(
      names = "--from-disk",
      description =
          "Boot it from its disks on HOST (default the first of its hosts that is up): where no host"
              + " that is up holds its memory. What others hold of it is given up.")
  private boolean fromDisk;

  @Mixin private Confirmation confirmation = new Confirmation();

  FailoverCommand(Cli cli) {
    super(cli, ReplicationRequest.Verb.FAILOVER);
  }

  @Override
  ReplicationRequest request(@Nullable String host) {
    return fromDisk ? ReplicationRequest.bootFromDisk(host) : super.request(host);
  }

  @Override
  boolean agreed(String guest) throws IOException, InterruptedException {
    return !fromDisk || confirmation.agreed(session(), question(guest));
  }

  private String question(String guest) throws IOException, InterruptedException {
    List<String> now =
        ClusterList.rows(host().cluster().guests()).stream()
            .map(ClusterList.Row::guest)
            .filter(status -> status.name().equals(guest))
            .map(GuestStatus::replica)
            .filter(Objects::nonNull)
            .map(GuestStatus.Replica::text)
            .filter(text -> !text.isEmpty())
            .toList();
    return "Boot guest '"
        + guest
        + "' from disk"
        + (now.isEmpty() ? "" : " (" + now.getFirst() + ")")
        + "? Its memory is given up for good, also what a host that comes back later holds; disk"
        + " writes that clients were told of are lost unless it boots where it ran last.";
  }
}
