package io.tardigrade.coordination;

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
 *   address 10.9.0.1
 *   port 7420
 *   version 0.1.0
 *   role full
 *   guests 3
 * </pre>
 */
final class HostEntry {
  private static final int BYTES_MAX = 512;
  private static final Pattern FORM =
      Pattern.compile(
          """
          tardigrade host 1
          zone ([a-zA-Z0-9._-]{0,63})
          free-bytes (\\d{1,18})
          ready (yes|no)
          address ([0-9a-fA-F.:-]{1,45})
          port (\\d{1,5})
          version ([a-zA-Z0-9._+-]{1,40})
          role (full|witness)
          guests (\\d{1,6})
          """);

  private HostEntry() {}

  static byte[] encode(HostInfo host) {
    String text =
        """
        tardigrade host 1
        zone %s
        free-bytes %d
        ready %s
        address %s
        port %d
        version %s
        role %s
        guests %d
        """
            .formatted(
                host.zone(),
                Math.max(0, host.freeBytes()),
                host.ready() ? "yes" : "no",
                host.address(),
                host.port(),
                host.version(),
                host.role(),
                host.guests());
    if (!FORM.matcher(text).matches()) {
      throw new IllegalArgumentException("what a host says of itself is not valid: " + host);
    }
    return text.getBytes(StandardCharsets.US_ASCII);
  }

  /** Empty where the bytes are of another form, as a host of another version may write. */
  static Optional<HostInfo> decode(String host, byte[] bytes) {
    if (bytes.length > BYTES_MAX) {
      return Optional.empty();
    }
    Matcher form = FORM.matcher(new String(bytes, StandardCharsets.US_ASCII));
    return form.matches()
        ? Optional.of(
            new HostInfo(
                host,
                form.group(1),
                Long.parseLong(form.group(2)),
                form.group(3).equals("yes"),
                form.group(4),
                Integer.parseInt(form.group(5)),
                form.group(6),
                form.group(7),
                Integer.parseInt(form.group(8))))
        : Optional.empty();
  }
}
