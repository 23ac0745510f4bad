package io.tardigrade.cli;

import io.tardigrade.guest.Quantities;
import io.tardigrade.lab.LabHost;
import io.tardigrade.lab.LabSpec;
import io.tardigrade.netlab.NamespaceHost;
import java.io.IOException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
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
      @Nullable Long memoryBytes,
      @Nullable Long preservedBytes,
      @Nullable Integer vcpus,
      @Nullable String kernel,
      Instant createdAt) {
    static Row of(NamespaceHost host) {
      return new Row(
          host.name(),
          "namespace",
          host.power(),
          host.address(),
          host.guestNetwork(),
          null,
          null,
          null,
          null,
          host.createdAt());
    }

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
    namespaces().hosts().forEach(host -> rows.add(Row.of(host)));
    Table<Row> table =
        new Table<Row>()
            .column("NAME", Row::name)
            .column("KIND", Row::kind)
            .column("STATE", Row::state)
            .column("ADDRESS", Row::address)
            .column("GUESTS", Row::guestNetwork)
            .column("MEMORY", row -> size(row.memoryBytes()))
            .column("PRESERVED", row -> size(row.preservedBytes()))
            .column("VCPUS", row -> text(row.vcpus()))
            .column("KERNEL", row -> text(row.kernel()))
            .column("AGE", row -> Text.age(row.createdAt(), session().clock().instant()));
    output.list(session(), rows, Row::name, table);
    namespaces().troubles().forEach(session()::progress);
    return ExitCode.DONE.code();
  }

  private static String size(@Nullable Long bytes) {
    return bytes == null ? "-" : Quantities.bytes(bytes);
  }

  private static String text(@Nullable Object value) {
    return value == null ? "-" : value.toString();
  }
}
