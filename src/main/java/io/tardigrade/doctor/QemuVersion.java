package io.tardigrade.doctor;

import io.tardigrade.linux.Command;
import java.io.IOException;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The version of the host's QEMU. */
record QemuVersion(int major, int minor, String text) {
  static final String PROGRAM = "qemu-system-x86_64";

  private static final Pattern VERSION =
      Pattern.compile("QEMU emulator version ((\\d{1,4})\\.(\\d{1,4})[^\\s(]*)");

  static QemuVersion ofHost() throws IOException {
    String output = Command.run(PROGRAM, "--version");
    return parse(output)
        .orElseThrow(() -> new IOException(PROGRAM + " --version tells no version"));
  }

  static Optional<QemuVersion> parse(String output) {
    Matcher matcher = VERSION.matcher(output);
    return matcher.find()
        ? Optional.of(
            new QemuVersion(
                Integer.parseInt(matcher.group(2)),
                Integer.parseInt(matcher.group(3)),
                matcher.group(1)))
        : Optional.empty();
  }

  /** 7.2 brought the stream network backend that guardians listen to. */
  boolean isNewEnough() {
    return major > 7 || (major == 7 && minor >= 2);
  }
}
