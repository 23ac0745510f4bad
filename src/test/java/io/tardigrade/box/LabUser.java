package io.tardigrade.box;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.tardigrade.cli.Cli;
import io.tardigrade.cli.Session;
import io.tardigrade.system.NativeBuild;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;

/**
 * A user with an installation of his own, whose lab's system disk is that of all boxes.
 *
 * @param environment of the commands he types
 */
record LabUser(Map<String, String> environment) {

  /** What a command said. */
  record Said(int code, String out, String err) {}

  /** With the installation's folders in {@code home}, which is there. */
  static LabUser in(Path home) throws IOException {
    NativeBuild.helpers();
    Path cache = Path.of(System.getProperty("tardigrade.box.cache", "target/box"));
    Files.createDirectories(cache);
    Files.createDirectories(home.resolve("state"));
    Files.createSymbolicLink(home.resolve("state/cache"), cache.toAbsolutePath());
    return new LabUser(
        Map.of(
            "TARDIGRADE_STATE", home.resolve("state").toString(),
            "TARDIGRADE_RUN", home.resolve("run").toString(),
            "TARDIGRADE_IMAGES", home.resolve("images").toString()));
  }

  /** Types a command, and {@code typed} into it. */
  Said cli(String typed, String... words) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    ByteArrayOutputStream err = new ByteArrayOutputStream();
    Session session =
        Session.onHost(
            environment,
            new ByteArrayInputStream(typed.getBytes(UTF_8)),
            new PrintStream(out, true, UTF_8),
            new PrintStream(err, true, UTF_8));
    int code = Cli.run(session, words);
    return new Said(code, out.toString(UTF_8), err.toString(UTF_8));
  }
}
