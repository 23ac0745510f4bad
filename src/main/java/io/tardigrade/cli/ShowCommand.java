package io.tardigrade.cli;

import io.tardigrade.guest.GuestStatus;
import io.tardigrade.guest.Quantities;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/** {@code show}. */
@Command(name = "show", description = "Show all about one guest.")
final class ShowCommand extends Subcommand {
  @Parameters(paramLabel = "NAME", description = "Name of the guest.")
  private String name = "";

  @Mixin private OutputOption output = new OutputOption();

  ShowCommand(Cli cli) {
    super(cli);
  }

  @Override
  public Integer call() throws IOException {
    GuestStatus status = host().guest(name);
    output.value(session(), status, status.name(), () -> page(status));
    return ExitCode.DONE.code();
  }

  private void page(GuestStatus status) {
    String state = status.state().name();
    Colour colour = session().colour() ? Colour.ofState(state) : Colour.NONE;
    session().out().println(status.name() + "  " + colour.paint(state));
    lines(status)
        .forEach((key, value) -> session().out().printf("  %-12s%s%n", key, Text.printable(value)));
  }

  private Map<String, String> lines(GuestStatus s) {
    Map<String, String> lines = new LinkedHashMap<>();
    if (s.reason() != null) {
      lines.put("reason", s.reason());
    }
    lines.put("program", s.program());
    lines.put("address", s.address() + " (" + s.mac() + ")");
    lines.put("published", Text.orNone(String.join(", ", s.publish())));
    lines.put("volumes", Text.orNone(String.join(", ", s.volumes())));
    lines.put(
        "machine",
        s.machine()
            + ", "
            + s.accelerator()
            + ", "
            + Quantities.bytes(s.memoryBytes())
            + ", "
            + s.vcpus()
            + (s.vcpus() == 1 ? " vCPU" : " vCPUs"));
    lines.put(
        "created",
        s.createdAt() + " (" + Text.age(s.createdAt(), session().clock().instant()) + " ago)");
    lines.put("hypervisor", process(s.hypervisor()));
    lines.put("guardian", process(s.guardian()));
    lines.put("spare", s.spareReady() ? "ready" : Text.NONE);
    if (s.place() != null) {
      lines.put(
          "image",
          "in "
              + s.place()
              + " memory"
              + (s.place().equals("preserved")
                  ? ", which outlives the host's operating system"
                  : ""));
    }
    if (s.replica() != null) {
      lines.put("replicated", replica(s.replica()));
    }
    protection(lines, s.protection());
    lines.put("recoveries", recoveries(s.recoveries()));
    return lines;
  }

  private static String replica(GuestStatus.Replica r) {
    return "view "
        + r.view()
        + ", runs on "
        + Text.orNone(r.primary())
        + ", backups "
        + Text.orNone(String.join(", ", r.backups()))
        + (r.text().isEmpty() ? "" : " (" + r.text() + ")");
  }

  private static void protection(Map<String, String> lines, GuestStatus.Protection p) {
    lines.put(
        "protection",
        p.engine() == null ? Text.NONE : p.engine() + ", committed epoch " + p.committedEpoch());
    lines.put("pause", Text.quantiles(p.pauseSeconds().p50(), p.pauseSeconds().p99()) + tail(p));
    lines.put("hold", Text.quantiles(p.holdSeconds().p50(), p.holdSeconds().p99()));
    @Nullable Double pages = p.dirtyPages().p50();
    @Nullable Double pagesMost = p.dirtyPages().p99();
    lines.put(
        "dirty pages",
        pages == null || pagesMost == null
            ? Text.NONE
            : Math.round(pages) + " / " + Math.round(pagesMost));
    lines.put("shipped", Quantities.bytes(p.shippedBytes()));
    GuestStatus.@Nullable Scrub scrub = p.scrub();
    if (scrub != null) {
      lines.put("scrubbing", scrubbing(scrub));
    }
  }

  private static String scrubbing(GuestStatus.Scrub s) {
    if (s.bytesPerSecond() == 0) {
      return "off";
    }
    return Quantities.bytes(s.bytesPerSecond())
        + " a second, "
        + s.passes()
        + " passes, "
        + s.corruptions()
        + " corrupted pages, "
        + s.repaired()
        + " repaired";
  }

  private static String tail(GuestStatus.Protection p) {
    return p.pauseSeconds().count() == 0
        ? ""
        : " (p50 / p99 of " + p.pauseSeconds().count() + " checkpoints)";
  }

  private static String process(GuestStatus.ProcessStatus process) {
    if (process.pid() == null) {
      return Text.NONE;
    }
    @Nullable Long bytes = process.memoryBytes();
    return "pid " + process.pid() + (bytes == null ? "" : ", " + Quantities.bytes(bytes));
  }

  private static String recoveries(GuestStatus.Recoveries r) {
    if (r.count() == 0) {
      return "none";
    }
    @Nullable Double blackout = r.lastBlackoutSeconds();
    return r.count()
        + ", last: "
        + Text.orNone(r.lastCause())
        + (blackout == null ? "" : ", blackout " + Quantities.seconds(blackout))
        + (r.lastIncident() == null ? "" : ", incident " + r.lastIncident());
  }
}
