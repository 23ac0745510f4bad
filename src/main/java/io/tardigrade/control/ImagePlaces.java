package io.tardigrade.control;

import io.tardigrade.checkpoint.CommittedImage;
import io.tardigrade.guest.HostPaths;
import io.tardigrade.linux.LinuxFile;
import io.tardigrade.preserve.Place;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;

/**
 * The folders of a guest's committed image while it is moved. Where both places have one, that in
 * preserved memory is the guest's ({@link HostPaths#image}): a rename decides, and nobody who dies
 * on the way leaves the guest in neither place.
 *
 * <pre>
 *   to preserved            preserved/.moving-NAME → preserved/NAME     from here on it is the guest's
 *                           ordinary/NAME removed
 *   to ordinary             ordinary/.moving-NAME → ordinary/NAME
 *                           preserved/NAME → preserved/.moving-NAME     from here on the other one is
 *                           preserved/.moving-NAME removed
 * </pre>
 *
 * @param name of the guest
 */
record ImagePlaces(HostPaths paths, String name) {
  /** No guest's name begins like this. */
  private static final String MOVING = ".moving-";

  private Path root(Place place) {
    return place == Place.PRESERVED ? paths.preservedImages() : paths.images();
  }

  private Path image(Place place) {
    return root(place).resolve(name);
  }

  /** Where the copy is made that is to lie in {@code place}. */
  Path copy(Place place) {
    return root(place).resolve(MOVING + name);
  }

  /** Makes the whole copy in {@code to} the guest's image. */
  void commit(Place to) throws IOException {
    move(copy(to), image(to), to);
    if (to == Place.ORDINARY) {
      move(image(Place.PRESERVED), copy(Place.PRESERVED), Place.PRESERVED);
    }
  }

  private void move(Path from, Path to, Place place) throws IOException {
    Files.move(from, to, StandardCopyOption.ATOMIC_MOVE);
    LinuxFile.syncDirectory(root(place));
  }

  /** Whether there is anything that {@link #tidy} would remove, or a move is under way. */
  boolean isUntidy() {
    return Files.isDirectory(copy(Place.PRESERVED))
        || Files.isDirectory(copy(Place.ORDINARY))
        || (Files.isDirectory(image(Place.PRESERVED)) && Files.isDirectory(image(Place.ORDINARY)));
  }

  /** Removes what a move left behind, however far it came. */
  void tidy() throws IOException {
    for (Place place : Place.values()) {
      remove(copy(place));
    }
    if (Files.isDirectory(image(Place.PRESERVED))) {
      remove(image(Place.ORDINARY));
    }
  }

  private static void remove(Path image) throws IOException {
    if (Files.isDirectory(image)) {
      CommittedImage.delete(image);
    }
  }
}
