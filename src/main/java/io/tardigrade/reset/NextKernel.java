package io.tardigrade.reset;

import io.tardigrade.preserve.Region;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * What is booted in place of the kernel that runs. Pure.
 *
 * @param kernel its file
 * @param initrd its initial file system
 * @param commandLine with the region reserved
 */
public record NextKernel(Path kernel, Path initrd, String commandLine) {
  /** Where distributions keep the kernel called {@code release}. */
  static Path kernelOf(String release) {
    return Path.of("/boot/vmlinuz-" + release);
  }

  /** Where distributions keep its initial file system. */
  static Path initrdOf(String release) {
    return Path.of("/boot/initrd.img-" + release);
  }

  /**
   * A command line that reserves {@code region}, whatever the given one says of it.
   *
   * @param given the running kernel's, or the user's
   */
  static String reserving(String given, Region region) {
    List<String> words = new ArrayList<>();
    for (String word : given.strip().split("\\s+", -1)) {
      // The first is said by boot loaders of themselves, the second would be a second region.
      boolean dropped = word.startsWith("BOOT_IMAGE=") || Region.of(word).isPresent();
      if (!dropped && !word.isEmpty()) {
        words.add(word);
      }
    }
    words.add(region.argument());
    return String.join(" ", words);
  }
}
