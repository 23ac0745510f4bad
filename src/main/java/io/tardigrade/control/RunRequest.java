package io.tardigrade.control;

import com.fasterxml.jackson.annotation.JsonProperty;
import io.tardigrade.guest.GuestSpec;
import io.tardigrade.guest.UsageException;
import io.tardigrade.launch.AddedFile;
import io.tardigrade.launch.GuestSource;
import io.tardigrade.launch.LaunchRequest;
import io.tardigrade.launch.VolumeRequest;
import io.tardigrade.network.PortForward;
import io.tardigrade.qemu.Accelerator;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What {@code POST /v1/guests} takes: what {@code run} is given, with the same defaults. Of {@code
 * program}, {@code image} and {@code disk} there is one. Files are named by their absolute path on
 * the host.
 *
 * @param volumes each {@code NAME:/PATH[:SIZE]}, for a full VM {@code NAME[:SIZE]}
 * @param publish each {@code [IP:]HOST:GUEST[/udp]}
 * @param accelerator {@code kvm} or {@code tcg}; null for whichever runs guests here
 */
public record RunRequest(
    @Nullable String name,
    @JsonProperty("memory_bytes") @Nullable Long memoryBytes,
    @Nullable Integer vcpus,
    @JsonProperty("checkpoint_interval_seconds") @Nullable Double checkpointIntervalSeconds,
    @JsonProperty("hang_timeout_seconds") @Nullable Double hangTimeoutSeconds,
    @Nullable List<String> volumes,
    @Nullable List<String> publish,
    @Nullable Program program,
    @Nullable Image image,
    @Nullable Disk disk,
    @Nullable String accelerator,
    @Nullable String engine,
    @Nullable Boolean unprotected,
    @JsonProperty("fixed_timer") @Nullable Boolean fixedTimer,
    @JsonProperty("scrub_bytes_per_second") @Nullable Long scrubBytesPerSecond) {
  private static final long MEMORY_BYTES_DEFAULT = 128L << 20;
  private static final double INTERVAL_SECONDS_DEFAULT = 0.1;

  /**
   * A program of the host.
   *
   * @param command program and arguments
   * @param add each {@code SOURCE[:DESTINATION]}
   * @param searchPath where a program without a slash is looked up; null for the agent's own
   */
  public record Program(
      @Nullable List<String> command,
      @Nullable List<String> add,
      @Nullable Map<String, String> environment,
      @JsonProperty("search_path") @Nullable String searchPath) {}

  /**
   * An OCI or {@code docker save} archive.
   *
   * @param command instead of the image's own
   */
  public record Image(
      @Nullable String archive,
      @Nullable List<String> command,
      @Nullable Map<String, String> environment) {}

  /** A bootable disk, raw or qcow2. */
  public record Disk(@Nullable String file) {}

  /**
   * The request with its values checked.
   *
   * @param chosen what executes the guest where the request leaves that open
   */
  public LaunchRequest toLaunch(Accelerator chosen) {
    if (name == null || name.isEmpty()) {
      throw new UsageException("a guest needs a name; give --name NAME");
    }
    return new LaunchRequest(
        name,
        memoryBytes == null ? MEMORY_BYTES_DEFAULT : memoryBytes,
        vcpus == null ? 1 : vcpus,
        millis("checkpoint interval", checkpointIntervalSeconds, INTERVAL_SECONDS_DEFAULT),
        millis("hang timeout", hangTimeoutSeconds, GuestSpec.HANG_TIMEOUT_MILLIS_DEFAULT / 1000.0),
        !Boolean.TRUE.equals(unprotected),
        Boolean.TRUE.equals(fixedTimer),
        engine,
        accelerator == null ? chosen : accelerator(accelerator),
        all("volumes", volumes).stream().map(VolumeRequest::parse).toList(),
        all("publish", publish).stream().map(RunRequest::port).toList(),
        source(),
        scrubBytesPerSecond);
  }

  private static long millis(String what, @Nullable Double seconds, double otherwise) {
    double value = seconds == null ? otherwise : seconds;
    if (!(value >= 0 && value <= 1e9)) {
      throw new UsageException(what + " of " + value + " s is not possible; write it like 0.1");
    }
    return Math.round(value * 1000);
  }

  private static Accelerator accelerator(String name) {
    return switch (name.toLowerCase(Locale.ROOT)) {
      case "kvm" -> Accelerator.KVM;
      case "tcg" -> Accelerator.TCG;
      default ->
          throw new UsageException("accelerator '" + name + "' is not known; give kvm or tcg");
    };
  }

  private static PortForward port(String text) {
    try {
      return PortForward.parse(text);
    } catch (IllegalArgumentException e) {
      throw (UsageException) new UsageException(String.valueOf(e.getMessage())).initCause(e);
    }
  }

  private GuestSource source() {
    int given = (program == null ? 0 : 1) + (image == null ? 0 : 1) + (disk == null ? 0 : 1);
    if (given > 1) {
      throw new UsageException(
          "a program, --image and --disk exclude each other; give one of them");
    }
    if (disk != null) {
      return new GuestSource.Disk(file("disk", disk.file()));
    }
    if (image != null) {
      return new GuestSource.Archive(
          file("archive", image.archive()),
          all("command", image.command()),
          environment(image.environment()));
    }
    if (program == null || all("command", program.command()).isEmpty()) {
      throw new UsageException(
          "nothing to run was given; name a program after --, or give --image or --disk");
    }
    return new GuestSource.Program(
        all("command", program.command()),
        all("add", program.add()).stream().map(RunRequest::added).toList(),
        environment(program.environment()),
        program.searchPath());
  }

  private static AddedFile added(String text) {
    if (!text.startsWith("/")) {
      throw new UsageException("--add '" + text + "': the source is not an absolute path");
    }
    try {
      return AddedFile.parse(text);
    } catch (InvalidPathException e) {
      throw (UsageException) new UsageException("--add '" + text + "' is no path").initCause(e);
    }
  }

  private static Path file(String what, @Nullable String text) {
    if (text == null || !text.startsWith("/")) {
      throw new UsageException(
          what + " '" + (text == null ? "" : text) + "' is not an absolute path on the host");
    }
    try {
      return Path.of(text).normalize();
    } catch (InvalidPathException e) {
      throw (UsageException) new UsageException(what + " is no path: " + text).initCause(e);
    }
  }

  /** A list without holes, which JSON can have; none is an empty one. */
  private static List<String> all(String what, @Nullable List<@Nullable String> list) {
    if (list == null) {
      return List.of();
    }
    if (list.contains(null)) {
      throw new UsageException(what + " has an entry that is null; give strings");
    }
    return List.copyOf(list);
  }

  private static Map<String, String> environment(
      @Nullable Map<String, @Nullable String> variables) {
    if (variables == null) {
      return Map.of();
    }
    variables.forEach((variable, value) -> {
      if (variable.isEmpty() || variable.indexOf('=') >= 0 || value == null) {
        throw new UsageException("--env '" + variable + "' is not of the form NAME=VALUE");
      }
    });
    return Map.copyOf(variables);
  }
}
