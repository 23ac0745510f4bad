package io.tardigrade.reset;

import static org.assertj.core.api.Assertions.assertThat;

import io.tardigrade.guardian.Freeze;
import io.tardigrade.guest.GuestFiles;
import io.tardigrade.guest.HostPaths;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A reset does not wait for guests that nobody serves. */
class ShutDownTest {
  /** What an asked guardian may take to answer, and something for a busy machine. */
  private static final Duration MAX = Duration.ofSeconds(10);

  @TempDir private Path folder;
  private HostPaths paths;
  private Path socket;

  @BeforeEach
  void makeGuest() throws IOException {
    paths =
        HostPaths.of(
            Map.of(
                "TARDIGRADE_STATE", folder.resolve("state").toString(),
                "TARDIGRADE_RUN", folder.resolve("run").toString()));
    Files.createDirectories(paths.guest("kv"));
    GuestFiles.of(paths, "kv").writeDesired(true);
    socket = Files.createDirectories(paths.guestRun("kv")).resolve("guardian.sock");
  }

  private void assertNotWaitedFor() throws IOException {
    long begun = System.nanoTime();
    ShutDown.guest(paths, "kv");
    assertThat(Duration.ofNanos(System.nanoTime() - begun)).isLessThan(MAX);
    assertThat(GuestFiles.of(paths, "kv").desiredRunning()).as("it boots again").isTrue();
    assertThat(Freeze.standing(paths, "kv")).as("by nobody before that").isPresent();
  }

  @Test
  void guestWithoutAGuardianIsNotWaitedFor() throws Exception {
    assertNotWaitedFor();
  }

  @Test
  void guestWhoseGuardianHasDiedIsNotWaitedFor() throws Exception {
    ServerSocketChannel.open(StandardProtocolFamily.UNIX)
        .bind(UnixDomainSocketAddress.of(socket))
        .close();
    assertThat(socket).exists();
    assertNotWaitedFor();
  }

  @Test
  void guestWhoseGuardianHangsIsNotWaitedFor() throws Exception {
    try (ServerSocketChannel _ =
        ServerSocketChannel.open(StandardProtocolFamily.UNIX)
            .bind(UnixDomainSocketAddress.of(socket))) {
      assertNotWaitedFor();
    }
  }
}
