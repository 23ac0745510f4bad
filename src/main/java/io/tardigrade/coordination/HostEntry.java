package io.tardigrade.coordination;

import io.tardigrade.replication.HostRoom;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What a host says of itself, to be read by people too. The zone may be empty:
 *
 * <pre>
 *   tardigrade host 1
 *   zone east
 *   free-bytes 1073741824
 *   ready yes
 * </pre>
 */
final class HostEntry {
  private static final int BYTES_MAX = 256;
  private static final Pattern FORM =
      Pattern.compile(
          "tardigrade host 1\nzone ([a-zA-Z0-9._-]{0,63})\nfree-bytes (\\d{1,18})\nready (yes|no)\n");

  private HostEntry() {}

  static byte[] encode(HostRoom room) {
    String text =
        "tardigrade host 1\nzone "
            + room.zone()
            + "\nfree-bytes "
            + Math.max(0, room.freeBytes())
            + "\nready "
            + (room.ready() ? "yes" : "no")
            + "\n";
    if (!FORM.matcher(text).matches()) {
      throw new IllegalArgumentException(
          "host of zone '" + room.zone() + "', expected up to 63 of a-z A-Z 0-9 . _ -");
    }
    return text.getBytes(StandardCharsets.US_ASCII);
  }

  /** Empty where the bytes are of another form, as a host of another version may write. */
  static Optional<HostRoom> decode(String host, byte[] bytes) {
    if (bytes.length > BYTES_MAX) {
      return Optional.empty();
    }
    Matcher form = FORM.matcher(new String(bytes, StandardCharsets.US_ASCII));
    return form.matches()
        ? Optional.of(
            new HostRoom(
                host, form.group(1), Long.parseLong(form.group(2)), form.group(3).equals("yes")))
        : Optional.empty();
  }
}
