package io.tardigrade.image;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/**
 * An ext4 volume and where the guest mounts it.
 *
 * @param name the volume's name; the guest finds its disk by {@link #serial()}
 * @param mountPoint an absolute path, made when it is not there
 */
public record GuestVolume(String name, String mountPoint) {
  // virtio-blk passes on 20 bytes of a serial number and drops the rest.
  private static final int SERIAL_BYTES_MAX = 20;
  private static final int HASH_BYTES = 4;

  public GuestVolume {
    if (!name.matches("[A-Za-z0-9][A-Za-z0-9_.-]{0,62}")) {
      throw new IllegalArgumentException(
          "`"
              + ImageException.oneLine(name)
              + "` is no name of a volume; expected letters, digits, `.`, `_` and `-`, at most 63");
    }
    if (!mountPoint.startsWith("/")
        || mountPoint.indexOf('\0') >= 0
        || (mountPoint + "/").contains("/../")
        || mountPoint.matches("/*(\\.tardigrade(/.*)?|proc|sys|dev)?/*")) {
      throw new IllegalArgumentException(
          "`"
              + ImageException.oneLine(mountPoint)
              + "` cannot be where a volume is mounted; expected a path like /var/lib/data");
    }
  }

  /** The serial number that the volume's virtio-blk disk must carry: at most 20 bytes. */
  public String serial() {
    return serial(name);
  }

  /** The serial number for a volume of that name; long names are told apart by a hash. */
  public static String serial(String name) {
    byte[] bytes = name.getBytes(StandardCharsets.UTF_8);
    // The serial of the root disk is taken.
    if (bytes.length <= SERIAL_BYTES_MAX && !name.equals(BootPlan.ROOT_SERIAL)) {
      return name;
    }
    try {
      byte[] hash = MessageDigest.getInstance("SHA-256").digest(bytes);
      String tail = "." + HexFormat.of().formatHex(hash, 0, HASH_BYTES);
      return name.substring(0, Math.min(name.length(), SERIAL_BYTES_MAX - tail.length())) + tail;
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java has SHA-256", e);
    }
  }
}
