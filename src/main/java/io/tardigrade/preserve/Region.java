package io.tardigrade.preserve;

import io.tardigrade.guest.Quantities;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A range of physical memory that no kernel hands out, by {@code memmap=SIZE!START} on its command
 * line. Pure.
 *
 * @param startBytes physical address
 * @param sizeBytes length
 */
public record Region(long startBytes, long sizeBytes) {
  /** Both bounds are multiples of it: the unit in which the kernel adds memory. */
  public static final long ALIGNMENT_BYTES = 128L << 20;

  /** Boot loaders and kernels put initial file systems at the top of memory. */
  static final long TOP_DISTANCE_BYTES = 256L << 20;

  /** Below lie the kernel, crash kernels, and what devices with 24 or 32 bit addresses need. */
  static final long START_BYTES_MIN = 1L << 30;

  /** What the host needs for itself beside the region. */
  static final long REST_BYTES_MIN = 512L << 20;

  private static final Pattern LINE =
      Pattern.compile("^([0-9a-f]{1,16})-([0-9a-f]{1,16}) : (.*)$", Pattern.MULTILINE);
  private static final Pattern ARGUMENT =
      Pattern.compile(
          "(?:^|\\s)memmap=(0x[0-9a-fA-F]+|\\d+)([KMG]?)!(0x[0-9a-fA-F]+|\\d+)([KMG]?)(?=\\s|$)");

  public Region {
    if (startBytes < 0 || sizeBytes <= 0 || startBytes > Long.MAX_VALUE - sizeBytes) {
      throw new IllegalArgumentException("region of " + sizeBytes + " bytes at " + startBytes);
    }
  }

  long endBytes() {
    return startBytes + sizeBytes;
  }

  /** The kernel argument that reserves it. */
  public String argument() {
    return "memmap=" + (sizeBytes >> 20) + "M!" + (startBytes >> 20) + "M";
  }

  /** The region that a kernel command line reserves, if any. */
  public static Optional<Region> of(String commandLine) {
    Matcher matcher = ARGUMENT.matcher(commandLine);
    try {
      return matcher.find()
          ? Optional.of(
              new Region(
                  scaled(matcher.group(3), matcher.group(4)),
                  scaled(matcher.group(1), matcher.group(2))))
          : Optional.empty();
    } catch (IllegalArgumentException | ArithmeticException e) {
      return Optional.empty();
    }
  }

  private static long scaled(String number, String unit) {
    int shift =
        switch (unit) {
          case "K" -> 10;
          case "M" -> 20;
          case "G" -> 30;
          default -> 0;
        };
    return Math.multiplyExact(Long.decode(number), 1L << shift);
  }

  /** The ranges of usable memory in the text of {@code /proc/iomem}. */
  public static List<Region> usableMemory(String iomem) {
    List<Region> ranges = new ArrayList<>();
    Matcher matcher = LINE.matcher(iomem);
    while (matcher.find()) {
      if (matcher.group(3).equals("System RAM")) {
        long from = Long.parseUnsignedLong(matcher.group(1), 16);
        long to = Long.parseUnsignedLong(matcher.group(2), 16);
        // Without root all addresses read as zero.
        if (from >= 0 && to > from) {
          ranges.add(new Region(from, to - from + 1));
        }
      }
    }
    return ranges;
  }

  /**
   * Chooses where to put a region of {@code sizeBytes}: inside one range of usable memory, away
   * from the top of all of it, as high as that allows.
   *
   * @throws IllegalArgumentException saying what stands against it
   */
  public static Region choose(List<Region> usable, long sizeBytes) {
    if (sizeBytes <= 0 || sizeBytes % ALIGNMENT_BYTES != 0) {
      throw new IllegalArgumentException(
          "a size of " + Quantities.bytes(sizeBytes) + "; a multiple of 128 MiB is expected");
    }
    long total = usable.stream().mapToLong(Region::sizeBytes).sum();
    if (total - sizeBytes < REST_BYTES_MIN) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "%d MiB of the host's %d MiB; at least 512 MiB must be left to the host",
              sizeBytes >> 20,
              total >> 20));
    }
    long top = usable.stream().mapToLong(Region::endBytes).max().orElse(0) - TOP_DISTANCE_BYTES;
    return usable.stream()
        .flatMap(range -> highestIn(range, top, sizeBytes).stream())
        .max(Comparator.comparingLong(Region::startBytes))
        .orElseThrow(() ->
            new IllegalArgumentException(
                "no range of memory holds %d MiB in one piece above 1 GiB; give less"
                    .formatted(sizeBytes >> 20)));
  }

  private static Optional<Region> highestIn(Region range, long top, long sizeBytes) {
    long end = Math.min(range.endBytes(), top);
    long start = (end - sizeBytes) / ALIGNMENT_BYTES * ALIGNMENT_BYTES;
    return end >= sizeBytes && start >= Math.max(range.startBytes(), START_BYTES_MIN)
        ? Optional.of(new Region(start, sizeBytes))
        : Optional.empty();
  }
}
