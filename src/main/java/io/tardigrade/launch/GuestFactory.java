package io.tardigrade.launch;

import io.tardigrade.guest.GuestFiles;
import io.tardigrade.guest.GuestSpec;
import io.tardigrade.guest.HostPaths;
import io.tardigrade.guest.Quantities;
import io.tardigrade.image.VolumeFormat;
import io.tardigrade.network.PortForward;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.InstantSource;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Turns a request into a guest's files, address, ports and volumes. All is checked before anything
 * is made; everything is made in a folder that only takes the guest's name when it is whole, and
 * after a failure nothing of it is left.
 */
public final class GuestFactory {
  /** Users and groups of hypervisors begin here, far above those of any system. */
  public static final int USER_ID_FIRST = 2_046_820_352;

  private static final long BLOCK_BYTES = 4096;

  /** Beside guest RAM, its image holds redo records and device state. */
  private static final long IMAGE_EXTRA_BYTES = 16L << 20;

  private final HostPaths paths;
  private final Addressing network;
  private final ImageMaker images;
  private final InstantSource clock;
  private final Consumer<String> progress;

  /**
   * A factory.
   *
   * @param progress is told, in a few words, what takes time
   */
  public GuestFactory(
      HostPaths paths,
      Addressing network,
      ImageMaker images,
      InstantSource clock,
      Consumer<String> progress) {
    this.paths = paths;
    this.network = network;
    this.images = images;
    this.clock = clock;
    this.progress = progress;
  }

  /**
   * Makes the guest, wanted running; to start it is the agent's work.
   *
   * @throws RefusedException where the host is not as the request needs it
   * @throws IOException where making it failed
   */
  public GuestSpec create(LaunchRequest request) throws IOException {
    try (StateLock _ =
            StateLock.take(paths.state(), () -> progress.accept("waiting for another command"));
        Undo undo = new Undo()) {
      sweep();
      checkNow(request);
      GuestSpec spec = make(request, undo);
      undo.keep();
      return spec;
    }
  }

  /** Takes away what was half-made when the process that made it was killed. */
  public void sweepLeftovers() throws IOException {
    if (Files.isDirectory(paths.guests())) {
      try (StateLock _ = StateLock.take(paths.state(), () -> {})) {
        sweep();
      }
    }
  }

  /** Finishes what was killed half-way and should have been undone. */
  private void sweep() throws IOException {
    VolumeFormat.sweep(paths.volumes());
    Folders.sweep(
        paths.guests(),
        left -> {
          for (String volume : left.volumes()) {
            Files.deleteIfExists(new Volumes(paths).file(volume));
          }
          if (!Files.exists(paths.guest(left.guest()))) {
            network.release(left.guest());
          }
        });
  }

  /**
   * Checks what {@link #create} would check, and makes nothing.
   *
   * @throws RefusedException where the host is not as the request needs it
   */
  public void check(LaunchRequest request) throws IOException {
    try (StateLock _ =
        StateLock.take(paths.state(), () -> progress.accept("waiting for another command"))) {
      checkNow(request);
    }
  }

  private void checkNow(LaunchRequest request) throws IOException {
    if (Files.exists(paths.guest(request.name()))) {
      throw RefusedException.conflict(
          "a guest named '"
              + request.name()
              + "' exists already: choose another --name, or 'tardigrade delete "
              + request.name()
              + "' first");
    }
    checkSources(request.source());
    Volumes volumes = new Volumes(paths);
    for (VolumeRequest volume : request.volumes()) {
      boolean there = volumes.exists(volume.name());
      if (!there && volume.sizeBytes() == 0) {
        throw RefusedException.notFound(
            "volume '"
                + volume.name()
                + "' does not exist; give its size to make it, like --volume "
                + volume.name()
                + (volume.path().isEmpty() ? "" : ":" + volume.path())
                + ":1G");
      }
      if (there
          && volume.sizeBytes() != 0
          && Files.size(volumes.file(volume.name())) != (volume.sizeBytes() & -BLOCK_BYTES)) {
        throw RefusedException.conflict(
            "volume '"
                + volume.name()
                + "' exists with a size of "
                + Quantities.bytes(Files.size(volumes.file(volume.name())))
                + ": leave the size out, or choose another name");
      }
    }
    volumes.checkFree(request.volumes().stream().map(VolumeRequest::name).toList(), request.name());
    checkSpace(request);
  }

  private static void checkSources(GuestSource source) {
    @Nullable Path given =
        switch (source) {
          case GuestSource.Program _ -> null;
          case GuestSource.Archive archive -> archive.file();
          case GuestSource.Disk disk -> disk.file();
        };
    if (given != null && !Files.isRegularFile(given)) {
      throw RefusedException.notFound(
          given + (Files.exists(given) ? " is not a file" : " does not exist"));
    }
    if (source instanceof GuestSource.Program program) {
      HostProgram.check(program.command().getFirst(), program.searchPath());
      for (AddedFile file : program.added()) {
        if (!Files.exists(file.source())) {
          throw RefusedException.notFound("--add: " + file.source() + " does not exist");
        }
      }
    }
  }

  private void checkSpace(LaunchRequest request) throws IOException {
    Path existing = paths.images();
    while (!Files.exists(existing) && existing.getParent() != null) {
      existing = existing.getParent();
    }
    long needed = request.memoryBytes() + IMAGE_EXTRA_BYTES;
    long free = Files.getFileStore(existing).getUsableSpace();
    if (free < needed) {
      throw RefusedException.conflict(
          "no space for the guest's committed image: "
              + paths.images()
              + " has "
              + Quantities.bytes(free)
              + " free and "
              + Quantities.bytes(needed)
              + " are needed; give less --memory, delete a guest, or enlarge that file system");
    }
  }

  private GuestSpec make(LaunchRequest request, Undo undo) throws IOException {
    String name = request.name();
    Path stage = Folders.stage(paths.guests(), name);
    undo.add(() -> Folders.delete(stage));
    undo.add(() -> network.release(name));
    Addressing.Place place = placeOf(name, request.publish());
    for (VolumeRequest volume : request.volumes()) {
      makeVolume(volume, stage, undo);
    }
    progress.accept("making the image of " + request.source().description());
    ImageMaker.Boot boot = images.make(request, place, stage);
    String initrd = boot.initrd();
    if (initrd != null) {
      LeastMemory.check(request, Files.size(stage.resolve(initrd)));
    }
    GuestSpec spec = spec(request, place, boot);
    GuestFiles files = new GuestFiles(stage);
    files.writeSpec(spec);
    files.writeDesired(true);
    Folders.keepVolumes(stage);
    Files.move(stage, paths.guest(name), StandardCopyOption.ATOMIC_MOVE);
    return spec;
  }

  private Addressing.Place placeOf(String name, List<PortForward> publish) throws IOException {
    Addressing.Place place = network.place(name);
    try {
      network.publish(name, publish);
    } catch (IOException e) {
      String message = String.valueOf(e.getMessage());
      throw new RefusedException(RefusedException.Kind.CONFLICT, message, e);
    }
    return place;
  }

  private void makeVolume(VolumeRequest volume, Path stage, Undo undo) throws IOException {
    Path file = new Volumes(paths).file(volume.name());
    if (Files.exists(file)) {
      return;
    }
    progress.accept("making volume " + volume.name());
    Files.createDirectories(paths.volumes());
    undo.add(() -> Files.deleteIfExists(file));
    Folders.noteVolume(stage, volume.name());
    images.makeVolume(file, volume.name(), volume.sizeBytes());
  }

  private GuestSpec spec(LaunchRequest request, Addressing.Place place, ImageMaker.Boot boot) {
    Path home = paths.guest(request.name());
    List<GuestSpec.VolumeMount> mounts = new ArrayList<>();
    request.volumes().forEach(v -> mounts.add(new GuestSpec.VolumeMount(v.name(), v.path())));
    return new GuestSpec(
        GuestSpec.VERSION,
        request.name(),
        request.memoryBytes(),
        request.vcpus(),
        request.checkpointIntervalMillis(),
        request.hangTimeoutMillis(),
        request.protect(),
        request.fixedTimer(),
        request.engine(),
        boot.machine(),
        request.accelerator(),
        in(home, boot.kernel()),
        in(home, boot.initrd()),
        boot.commandLine(),
        in(home, boot.rootDisk()),
        mounts,
        request.publish().stream().map(GuestFactory::forward).toList(),
        place.address(),
        place.prefixLength(),
        place.gateway(),
        place.nameservers(),
        place.mac(),
        place.tap(),
        place.bridge(),
        USER_ID_FIRST + place.index(),
        request.source().description(),
        clock.instant().truncatedTo(ChronoUnit.MILLIS),
        request.scrubBytesPerSecond());
  }

  private static @Nullable String in(Path folder, @Nullable String file) {
    return file == null ? null : folder.resolve(file).toString();
  }

  private static GuestSpec.Forward forward(PortForward forward) {
    return new GuestSpec.Forward(
        forward.address().map(Object::toString).orElse("0.0.0.0"),
        forward.hostPort(),
        forward.guestPort(),
        forward.transport().toString());
  }
}
