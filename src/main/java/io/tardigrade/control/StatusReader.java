package io.tardigrade.control;

import io.tardigrade.guest.GuestFiles;
import io.tardigrade.guest.GuestSpec;
import io.tardigrade.guest.GuestStatus;
import io.tardigrade.guest.GuestStatus.State;
import io.tardigrade.guest.HostPaths;
import io.tardigrade.preserve.Life;
import java.io.IOException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** The status of guests: as their guardians tell it, or as their files do where none answers. */
public final class StatusReader {
  private final HostPaths paths;
  private final GuestControl control;

  /** Reads that of the guests under these paths. */
  public StatusReader(HostPaths paths, GuestControl control) {
    this.paths = paths;
    this.control = control;
  }

  /** All guests; one whose files cannot be read is among them as failed. */
  public List<GuestStatus> all() throws IOException {
    List<GuestStatus> all = new ArrayList<>();
    for (String name : GuestFiles.names(paths)) {
      try {
        all.add(of(name));
      } catch (IOException e) {
        if (GuestFiles.of(paths, name).exists()) {
          all.add(unreadable(name, e));
        }
      }
    }
    return all;
  }

  /** One guest, which exists. */
  public GuestStatus of(String name) throws IOException {
    return status(name)
        .at(Life.read(paths.guest(name)).map(life -> life.place().text()).orElse(null));
  }

  private GuestStatus status(String name) throws IOException {
    GuestFiles files = GuestFiles.of(paths, name);
    GuestSpec spec = files.spec();
    Optional<GuestFiles.Outcome> outcome = files.outcome();
    if (outcome.isEmpty()) {
      Optional<GuestStatus> told = control.status(name);
      if (told.isPresent()) {
        return told.get();
      }
      // It may have ended between the two looks.
      outcome = files.outcome();
    }
    return fromFiles(spec, files, outcome);
  }

  private static GuestStatus fromFiles(
      GuestSpec spec, GuestFiles files, Optional<GuestFiles.Outcome> outcome) throws IOException {
    State state;
    @Nullable String reason;
    if (outcome.isPresent()) {
      state = outcome.get().state();
      reason = outcome.get().reason();
    } else if (files.desiredRunning()) {
      state = State.RECOVERING;
      reason = "no guardian answers; the host's agent starts one";
    } else {
      state = State.STOPPED;
      reason = null;
    }
    return status(
        spec.name(),
        state,
        reason,
        spec.address(),
        spec.mac(),
        spec.memoryBytes(),
        spec.vcpus(),
        spec.accelerator().name().toLowerCase(java.util.Locale.ROOT),
        spec.machine().name().toLowerCase(java.util.Locale.ROOT),
        spec.program(),
        spec.publish().stream().map(StatusReader::text).toList(),
        spec.volumes().stream().map(StatusReader::text).toList(),
        spec.createdAt(),
        files.recoveries());
  }

  private static GuestStatus unreadable(String name, IOException why) {
    return status(
        name,
        State.FAILED,
        "its files cannot be read: " + why.getMessage(),
        "",
        "",
        0,
        0,
        "",
        "",
        "",
        List.of(),
        List.of(),
        Instant.EPOCH,
        new GuestStatus.Recoveries(0, null, null, null));
  }

  private static GuestStatus status(
      String name,
      State state,
      @Nullable String reason,
      String address,
      String mac,
      long memoryBytes,
      int vcpus,
      String accelerator,
      String machine,
      String program,
      List<String> publish,
      List<String> volumes,
      Instant createdAt,
      GuestStatus.Recoveries recoveries) {
    GuestStatus.ProcessStatus none = new GuestStatus.ProcessStatus(null, null);
    GuestStatus.Quantiles unknown = new GuestStatus.Quantiles(null, null, 0);
    return new GuestStatus(
        name,
        state,
        reason,
        address,
        mac,
        memoryBytes,
        vcpus,
        accelerator,
        machine,
        program,
        publish,
        volumes,
        createdAt,
        none,
        none,
        false,
        new GuestStatus.Protection(null, 0, unknown, unknown, unknown, 0, 0),
        recoveries,
        null,
        null);
  }

  /** A forwarded port as {@code 0.0.0.0:6379:6379/tcp}. */
  static String text(GuestSpec.Forward forward) {
    return forward.hostAddress()
        + ":"
        + forward.hostPort()
        + ":"
        + forward.guestPort()
        + "/"
        + forward.protocol();
  }

  /** A volume as {@code data:/var/lib/redis}. */
  static String text(GuestSpec.VolumeMount mount) {
    return mount.path().isEmpty() ? mount.volume() : mount.volume() + ":" + mount.path();
  }
}
