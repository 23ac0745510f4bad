package io.tardigrade.cli;

import io.tardigrade.control.HostApi;
import io.tardigrade.control.ReplicationRequest;
import io.tardigrade.control.RunRequest;
import io.tardigrade.guest.GuestFiles;
import io.tardigrade.guest.GuestStatus;
import io.tardigrade.guest.HostPaths;
import io.tardigrade.guest.Quantities;
import io.tardigrade.guest.UsageException;
import io.tardigrade.launch.AddedFile;
import io.tardigrade.launch.LaunchRequest;
import io.tardigrade.launch.RefusedException;
import io.tardigrade.qemu.Accelerator;
import java.io.IOException;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code run}: makes a guest and starts it. */
@Command(
    name = "run",
    customSynopsis = {
      "tardigrade run --name NAME [OPTIONS] [--] PROGRAM [ARGUMENT...]",
      "       tardigrade run --name NAME [OPTIONS] --image ARCHIVE [--] [PROGRAM [ARGUMENT...]]",
      "       tardigrade run --name NAME [OPTIONS] --disk FILE"
    },
    description = {
      "Make a guest from a program of this host, an image archive or a bootable disk, and start it.",
      "Without --detach its console is shown until it ends; Ctrl-C stops it."
    })
final class RunCommand extends Subcommand {
  @Option(names = "--name", paramLabel = "NAME", description = "Name of the guest; required.")
  private String name = "";

  @Option(
      names = "--memory",
      paramLabel = "SIZE",
      defaultValue = "128M",
      description = {
        "Guest RAM, 64M to 1T (TARDIGRADE_MEMORY, default 128M).",
        "A program or image needs 72M and twice the size of its files to boot."
      })
  private String memory = "";

  @Option(
      names = "--vcpus",
      paramLabel = "N",
      defaultValue = "1",
      description = "Virtual CPUs, 1 to 8 (TARDIGRADE_VCPUS, default 1).")
  private int vcpus;

  @Option(
      names = "--volume",
      paramLabel = "NAME:/PATH[:SIZE]",
      description = "Attach a volume; with a SIZE it is made if there is none.")
  private List<String> volumes = new ArrayList<>();

  @Option(
      names = "--publish",
      paramLabel = "[IP:]HOST:GUEST[/udp]",
      description = "Forward a port of this host to the guest.")
  private List<String> publish = new ArrayList<>();

  @Option(
      names = "--checkpoint-interval",
      paramLabel = "TIME",
      defaultValue = "100ms",
      description =
          "The most computing a failure may repeat (TARDIGRADE_CHECKPOINT_INTERVAL, default 100ms).")
  private String interval = "";

  @Option(
      names = "--hang-timeout",
      paramLabel = "TIME",
      defaultValue = "2s",
      description = {
        "A hypervisor that answers nothing for so long is replaced; longer for hosts that stall",
        "(TARDIGRADE_HANG_TIMEOUT, default 2s)."
      })
  private String hangTimeout = "";

  @Option(
      names = "--scrub-rate",
      paramLabel = "SIZE",
      defaultValue = "4M",
      description = {
        "How much memory that nobody wrote is checked for flipped bits in a second, up to 1G; 0 for none",
        "(TARDIGRADE_SCRUB_RATE, default 4M)."
      })
  private String scrubRate = "";

  @Option(
      names = "--backups",
      paramLabel = "N",
      defaultValue = "0",
      description = "How many other hosts of the cluster are to keep it, 0 to 8 (default 0).")
  private int backups;

  @Option(names = "--detach", description = "Return as soon as the guest runs.")
  private boolean detach;

  @Option(
      names = "--add",
      paramLabel = "SRC[:DST]",
      description = "Put a file or folder of this host into the image.")
  private List<String> added = new ArrayList<>();

  @Option(names = "--env", paramLabel = "K=V", description = "Set a variable of the program.")
  private List<String> variables = new ArrayList<>();

  @Option(
      names = "--image",
      paramLabel = "ARCHIVE",
      description = "Run an OCI or 'docker save' archive.")
  private @Nullable Path image;

  @Option(
      names = "--disk",
      paramLabel = "FILE",
      description = "Boot a full VM from a copy of this qcow2 or raw disk.")
  private @Nullable Path disk;

  @Option(names = "--unprotected", hidden = true, description = "For measurements.")
  private boolean unprotected;

  @Option(names = "--fixed-timer", hidden = true, description = "For measurements.")
  private boolean fixedTimer;

  @Option(names = "--engine", hidden = true, description = "For tests.")
  private @Nullable String engine;

  @Option(names = "--accelerator", hidden = true, description = "kvm or tcg, for tests.")
  private @Nullable Accelerator accelerator;

  @Parameters(
      arity = "0..*",
      paramLabel = "PROGRAM",
      description = "Program of this host and its arguments.")
  private List<String> command = new ArrayList<>();

  RunCommand(Cli cli) {
    super(cli);
  }

  @Override
  public Integer call() throws IOException, InterruptedException {
    // Programs, archives and disks are files of this host.
    HostPaths here = paths();
    RunRequest request = request();
    // What is wrong with the request itself is said without an agent.
    LaunchRequest _ = request.toLaunch(Accelerator.TCG);
    HostApi host = host();
    GuestStatus guest = host.run(request, session()::progress);
    if (backups != 0) {
      protect(host);
    }
    if (detach) {
      session().out().println(guest.name() + " " + guest.address());
      return ExitCode.DONE.code();
    }
    return new Attached(session(), GuestFiles.of(here, name), host, name).follow();
  }

  /** A guest that was to have backups and cannot is not wanted without. */
  private void protect(HostApi host) throws IOException, InterruptedException {
    try {
      host.replicate(name, ReplicationRequest.protect(backups), session()::progress);
    } catch (RefusedException | UsageException e) {
      host.delete(name);
      throw e;
    }
  }

  private RunRequest request() {
    checkSource();
    return new RunRequest(
        name,
        Quantities.parseBytes("memory", memory),
        vcpus,
        Quantities.parseMillis("checkpoint interval", interval) / 1000.0,
        Quantities.parseMillis("hang timeout", hangTimeout) / 1000.0,
        volumes,
        publish,
        disk == null && image == null ? program() : null,
        image == null
            ? null
            : new RunRequest.Image(absolute(image.toString()), command, environment()),
        disk == null ? null : new RunRequest.Disk(absolute(disk.toString())),
        accelerator == null ? null : accelerator.name().toLowerCase(Locale.ROOT),
        engine,
        unprotected,
        fixedTimer,
        Quantities.parseBytes("scrub rate", scrubRate));
  }

  private void checkSource() {
    if (disk != null && (!command.isEmpty() || !added.isEmpty() || !variables.isEmpty())) {
      throw new UsageException(
          "a full VM takes no program, --add or --env; its disk says what runs in it");
    }
    if (image != null && !added.isEmpty()) {
      throw new UsageException("--add goes with a program of this host; put files into the image");
    }
  }

  /** The agent works in another folder, and with another search path. */
  private RunRequest.Program program() {
    List<String> words = new ArrayList<>(command);
    if (!words.isEmpty() && words.getFirst().contains("/")) {
      words.set(0, absolute(words.getFirst()));
    }
    List<String> files = new ArrayList<>();
    for (String text : added) {
      AddedFile file = AddedFile.parse(text);
      files.add(file.source() + ":" + file.destination());
    }
    return new RunRequest.Program(words, files, environment(), session().environment().get("PATH"));
  }

  private static String absolute(String file) {
    try {
      return Path.of(file).toAbsolutePath().normalize().toString();
    } catch (InvalidPathException e) {
      throw (UsageException) new UsageException("'" + file + "' is no path").initCause(e);
    }
  }

  private Map<String, String> environment() {
    Map<String, String> environment = new LinkedHashMap<>();
    for (String variable : variables) {
      int equals = variable.indexOf('=');
      if (equals < 1) {
        throw new UsageException("--env '" + variable + "' is not of the form NAME=VALUE");
      }
      environment.put(variable.substring(0, equals), variable.substring(equals + 1));
    }
    return environment;
  }
}
