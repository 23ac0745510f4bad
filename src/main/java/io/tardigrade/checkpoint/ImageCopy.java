package io.tardigrade.checkpoint;

import java.io.Closeable;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.channels.FileChannel;
import java.nio.channels.FileChannel.MapMode;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Comparator;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * Copies a guest's committed image to another folder: most of it while a guardian works on it, the
 * rest once nobody does.
 *
 * <pre>
 *   begin ── the copy has all its space ── copyAhead ── the guest is frozen ── finish ── the copy is whole
 * </pre>
 *
 * <p>The copy is an image in its own right, with one record that holds no pages; before {@link
 * #finish} it is cold. The one copied from is never changed. One thread.
 */
public final class ImageCopy implements Closeable {
  private final Path from;
  private final CommittedImage target;

  private ImageCopy(Path from, CommittedImage target) {
    this.from = from;
    this.target = target;
  }

  /**
   * Makes the folder {@code to} and all the space in it.
   *
   * @param ramBytes of the guest
   * @throws NoSpaceException where there is not enough; nothing is left then
   */
  public static ImageCopy begin(Path from, Path to, long ramBytes) throws IOException {
    return new ImageCopy(from, CommittedImage.create(to, ramBytes));
  }

  /** Copies memory as it is now; {@link #finish} puts right what changes meanwhile. */
  public void copyAhead() throws IOException {
    Optional<Path> ram = newestRam();
    if (ram.isEmpty()) {
      return;
    }
    try (FileChannel file = FileChannel.open(ram.get(), StandardOpenOption.READ);
        Arena arena = Arena.ofConfined()) {
      long bytes = Math.min(file.size(), target.ramBytes());
      MemorySegment memory = file.map(MapMode.READ_ONLY, 0, bytes, arena);
      target.equaliseRam(memory);
    } catch (NoSuchFileException e) {
      // The guest was reset just now: its memory is made anew.
    }
  }

  private Optional<Path> newestRam() throws IOException {
    try (Stream<Path> files = Files.list(from)) {
      return files
          .filter(file -> file.getFileName().toString().matches("ram-[0-9]{1,18}"))
          .max(Comparator.comparingLong(ImageCopy::incarnation));
    }
  }

  private static long incarnation(Path ram) {
    String name = ram.getFileName().toString();
    return Long.parseLong(name.substring(name.indexOf('-') + 1));
  }

  /**
   * Makes the copy equal to the image, which nobody has open any more, and closes it.
   *
   * @return the epoch of both
   */
  public long finish() throws IOException {
    try (CommittedImage source = CommittedImage.open(from)) {
      if (source.isCold() || source.unprotectedSince() != 0) {
        throw ImageException.because(from + ": nothing in it can be resumed");
      }
      target.becomeEqual(source);
    }
    long epoch = target.committedEpoch();
    target.close();
    return epoch;
  }

  @Override
  public void close() throws IOException {
    target.close();
  }
}
