package io.tardigrade.control;

import io.tardigrade.checkpoint.CommittedImage;
import io.tardigrade.checkpoint.ImageCopy;
import io.tardigrade.checkpoint.NoSpaceException;
import io.tardigrade.guardian.Freeze;
import io.tardigrade.guardian.Freezing;
import io.tardigrade.guardian.Predecessor;
import io.tardigrade.guest.GuestFiles;
import io.tardigrade.guest.GuestStatus;
import io.tardigrade.guest.HostPaths;
import io.tardigrade.guest.Quantities;
import io.tardigrade.launch.GuestKeeper;
import io.tardigrade.launch.RefusedException;
import io.tardigrade.launch.StateLock;
import io.tardigrade.preserve.Life;
import io.tardigrade.preserve.Place;
import io.tardigrade.preserve.PreservedMemory;
import io.tardigrade.preserve.ResetLock;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/**
 * Moves a running guest's committed image to the other kind of memory.
 *
 * <pre>
 *   most is copied ─▶ last checkpoint, frozen ─▶ the rest is copied ─▶ renamed ─▶ resumed from there
 * </pre>
 *
 * <p>The guest stands still from its last checkpoint until the next guardian has resumed it. What
 * fails before the rename leaves it where it was; {@link ImagePlaces} is about those who die.
 */
public final class Moving {
  private static final long RESUME_NANOS_MAX = TimeUnit.SECONDS.toNanos(120);
  private static final long POLL_MILLIS = 10;

  private final HostPaths paths;
  private final GuestControl control;
  private final Rooms rooms;
  private final Consumer<String> progress;

  /** What there is for images. */
  public interface Rooms {
    /** Whether there is such a place on this host. */
    boolean isThere(Place place) throws IOException;

    /** Free bytes in it, where it is there. */
    long freeBytes(Place place) throws IOException;

    /** Those of this host. */
    static Rooms of(HostPaths paths) {
      PreservedMemory memory = new PreservedMemory(paths);
      return new Rooms() {
        @Override
        public boolean isThere(Place place) throws IOException {
          return place == Place.ORDINARY || memory.isMounted();
        }

        @Override
        public long freeBytes(Place place) throws IOException {
          if (place == Place.PRESERVED) {
            return memory.freeBytes();
          }
          Files.createDirectories(paths.images());
          return Files.getFileStore(paths.images()).getUsableSpace();
        }
      };
    }
  }

  /**
   * Moves guests with these paths.
   *
   * @param control asks guardians, and has the next one started
   * @param progress is told each step, one line
   */
  public Moving(HostPaths paths, GuestControl control, Rooms rooms, Consumer<String> progress) {
    this.paths = paths;
    this.control = control;
    this.rooms = rooms;
    this.progress = progress;
  }

  /**
   * Moves a guest and returns when it runs again; nothing happens where it lies there.
   *
   * @throws RefusedException where that cannot be; the guest goes on as it was
   */
  public void move(String name, Place to) throws IOException, InterruptedException {
    GuestFiles files = GuestKeeper.find(paths, name);
    Optional<ResetLock> lock = ResetLock.take(paths);
    if (lock.isEmpty()) {
      throw RefusedException.conflict(
          "this host is being reset, or another guest of it is being moved; wait for that");
    }
    Freeze frozen;
    try (ResetLock _ = lock.get()) {
      long ramBytes = files.spec().memoryBytes();
      if (!isToBeMoved(name, to, ramBytes)) {
        return;
      }
      frozen = moveFrozen(name, to, ramBytes);
    }
    control.startWanted();
    try {
      awaitRunning(name, frozen, to);
    } finally {
      new ImagePlaces(paths, name).tidy();
    }
  }

  private boolean isToBeMoved(String name, Place to, long ramBytes) throws IOException {
    Place lies = Life.read(paths.guest(name)).map(Life::place).orElse(null);
    boolean there = rooms.isThere(to);
    MoveDecision decision =
        MoveDecision.of(
            name,
            lies,
            to,
            new MoveDecision.Room(
                there, there ? rooms.freeBytes(to) : 0, CommittedImage.bytesNeeded(ramBytes)),
            control.status(name));
    if (decision.kind() == MoveDecision.Kind.REFUSE) {
      throw RefusedException.conflict(decision.reason());
    }
    return decision.kind() == MoveDecision.Kind.MOVE;
  }

  /** Whatever fails, the guest is not left frozen. */
  private Freeze moveFrozen(String name, Place to, long ramBytes)
      throws IOException, InterruptedException {
    ImagePlaces places = new ImagePlaces(paths, name);
    places.tidy();
    Path image = paths.image(name);
    boolean done = false;
    try (ImageCopy copy = begin(image, places.copy(to), ramBytes)) {
      progress.accept("copying the image of " + name + " to " + to.text() + " memory");
      copy.copyAhead();
      // Nobody is to stop or delete it while no guardian answers.
      try (StateLock _ = StateLock.take(paths.state(), "lock", () -> {})) {
        Freeze frozen = freeze(name);
        Predecessor.noteMove(paths, name, to, frozen.at());
        long epoch = copy.finish();
        if (epoch != frozen.epoch()) {
          throw new IOException(
              "guest '" + name + "' stands at epoch " + frozen.epoch() + ", its image at " + epoch);
        }
        places.commit(to);
        done = true;
        return frozen;
      } finally {
        Freeze.thaw(paths, name);
      }
    } finally {
      if (!done) {
        takeBack(places);
      }
    }
  }

  private void takeBack(ImagePlaces places) throws IOException {
    places.tidy();
    control.startWanted();
  }

  private static ImageCopy begin(Path image, Path copy, long ramBytes) throws IOException {
    try {
      return ImageCopy.begin(image, copy, ramBytes);
    } catch (NoSpaceException e) {
      throw new RefusedException(RefusedException.Kind.CONFLICT, String.valueOf(e.getMessage()), e);
    }
  }

  private Freeze freeze(String name) throws IOException {
    try {
      return Freezing.freeze(paths, List.of(name)).getFirst();
    } catch (IOException e) {
      throw new IOException(e.getMessage() + "; it is not moved", e);
    }
  }

  private void awaitRunning(String name, Freeze frozen, Place to)
      throws IOException, InterruptedException {
    long deadline = System.nanoTime() + RESUME_NANOS_MAX;
    while (System.nanoTime() - deadline < 0) {
      Optional<GuestFiles.Outcome> outcome = GuestFiles.of(paths, name).outcome();
      if (outcome.isPresent()) {
        throw new IOException(
            "guest '" + name + "' was moved and has ended: " + outcome.get().reason());
      }
      if (control.status(name).filter(s -> s.state() == GuestStatus.State.RUNNING).isPresent()) {
        double seconds = Duration.between(frozen.at(), Instant.now()).toMillis() / 1e3;
        progress.accept(
            name + " goes on in " + to.text() + " memory after " + Quantities.seconds(seconds));
        return;
      }
      Thread.sleep(POLL_MILLIS);
    }
    throw new RefusedException(
        RefusedException.Kind.TIMED_OUT,
        "guest '"
            + name
            + "' was moved and is still being resumed; 'tardigrade show "
            + name
            + "' tells more");
  }
}
