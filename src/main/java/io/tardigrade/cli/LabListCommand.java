package io.tardigrade.cli;

import io.tardigrade.guest.Quantities;
import io.tardigrade.lab.LabHost;
import io.tardigrade.lab.LabSpec;
import java.io.IOException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** {@code lab list}. */
@Command(name = "list", aliases = "ls", description = "List the lab hosts.")
final class LabListCommand extends LabSubcommand {
  @Mixin private OutputOption output = new OutputOption();

  LabListCommand(Cli cli) {
    super(cli);
  }

  /** A host as it is printed. */
  record Row(
      String name,
      String kind,
      String state,
      String address,
      String guestNetwork,
      long memoryBytes,
      long preservedBytes,
      int vcpus,
      String kernel,
      Instant createdAt) {
    static Row of(LabHost host) throws IOException {
      LabSpec spec = host.spec();
      return new Row(
          spec.name(),
          spec.kind(),
          host.isOn() ? "ON" : "OFF",
          spec.address(),
          spec.guestNetwork(),
          spec.memoryBytes(),
          spec.preserveBytes(),
          spec.vcpus(),
          spec.kernel(),
          spec.createdAt());
    }
  }

  @Override
  public Integer call() throws IOException {
    List<Row> rows = new ArrayList<>();
    for (LabHost host : lab().hosts()) {
      rows.add(Row.of(host));
    }
    Table<Row> table =
        new Table<Row>()
            .column("NAME", Row::name)
            .column("STATE", Row::state)
            .column("ADDRESS", Row::address)
            .column("GUESTS", Row::guestNetwork)
            .column("MEMORY", row -> Quantities.bytes(row.memoryBytes()))
            .column("PRESERVED", row -> Quantities.bytes(row.preservedBytes()))
            .column("VCPUS", row -> Integer.toString(row.vcpus()))
            .column("KERNEL", Row::kernel)
            .column("AGE", row -> Text.age(row.createdAt(), session().clock().instant()));
    output.list(session(), rows, Row::name, table);
    return ExitCode.DONE.code();
  }
}
