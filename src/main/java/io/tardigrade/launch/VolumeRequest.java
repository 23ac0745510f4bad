package io.tardigrade.launch;

import io.tardigrade.guest.GuestSpec;
import io.tardigrade.guest.Quantities;
import io.tardigrade.guest.UsageException;
import io.tardigrade.image.VolumeFormat;
import java.util.List;

/**
 * A volume to attach: {@code NAME:/PATH[:SIZE]}, or {@code NAME[:SIZE]} for a full VM, which mounts
 * it itself.
 *
 * @param path absolute mount point, or empty
 * @param sizeBytes of a new volume, 0 where none is given: then it has to exist
 */
public record VolumeRequest(String name, String path, long sizeBytes) {
  /** The smallest volume that holds a file system worth having. */
  static final long SIZE_BYTES_MIN = VolumeFormat.BYTES_MIN;

  static final long SIZE_BYTES_MAX = VolumeFormat.BYTES_MAX;

  private static final String FORM = "write it NAME:/PATH[:SIZE], like data:/var/lib/redis:1G";

  /** Reads the form above. */
  public static VolumeRequest parse(String text) {
    List<String> parts = List.of(text.split(":", -1));
    boolean hasPath = parts.size() > 1 && parts.get(1).startsWith("/");
    int parameters = hasPath ? 2 : 1;
    if (parts.size() > parameters + 1 || (parts.size() > 1 && parts.get(1).isEmpty())) {
      throw new UsageException("volume '" + text + "' is not understood; " + FORM);
    }
    GuestSpec.checkName("volume", parts.getFirst());
    long size = 0;
    if (parts.size() > parameters) {
      size = Quantities.parseBytes("size of volume", parts.get(parameters));
      if (size < SIZE_BYTES_MIN || size > SIZE_BYTES_MAX) {
        throw new UsageException(
            "size '"
                + parts.get(parameters)
                + "' of volume "
                + parts.getFirst()
                + " is not between 8M and 16T");
      }
    }
    return new VolumeRequest(parts.getFirst(), hasPath ? checkPath(parts.get(1)) : "", size);
  }

  private static String checkPath(String path) {
    boolean plain = path.chars().allMatch(c -> c > ' ' && c < 127 && c != ',' && c != '\\');
    if (!plain
        || List.of(path.split("/")).contains("..")
        || path.matches("/+")
        || path.length() > 200) {
      throw new UsageException(
          "mount point '" + path + "' is not a plain absolute path below /; " + FORM);
    }
    return path.replaceAll("/+", "/").replaceAll("(.)/$", "$1");
  }
}
