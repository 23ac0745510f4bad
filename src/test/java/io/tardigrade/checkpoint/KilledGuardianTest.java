package io.tardigrade.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;

import io.tardigrade.linux.Linux;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Objects;
import java.util.Random;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** A real process that commits without pause is killed with SIGKILL at random moments. */
@Tag("system")
class KilledGuardianTest {
  private static final int PAGE = Geometry.PAGE_BYTES;
  private static final int RAM_PAGES = 2048;
  private static final int KILLS = 10;

  /** The pages that an epoch writes, and what it writes to all of them: its own number. */
  private static int firstPage(long epoch) {
    return new Random(epoch).nextInt(RAM_PAGES - pageCount(epoch));
  }

  private static int pageCount(long epoch) {
    return epoch % 50 == 0 ? 1500 : 1 + new Random(~epoch).nextInt(200);
  }

  /** The victim: says "sealed N" for each epoch, as soon as it is so. */
  public static void main(String[] arguments) throws IOException {
    try (CommittedImage image = CommittedImage.open(Path.of(arguments[0]))) {
      for (long epoch = image.committedEpoch() + 1; ; epoch++) {
        Staging staging = Objects.requireNonNull(image.beginStaging(epoch));
        staging.reserve(pageCount(epoch));
        MemorySegment pages = staging.add(firstPage(epoch), pageCount(epoch));
        for (long at = 0; at < pages.byteSize(); at += Long.BYTES) {
          pages.set(StorageFile.LONG, at, epoch);
        }
        staging.deviceState(MemorySegment.ofArray(new byte[(int) (epoch % 5000)]));
        image.seal(staging);
        System.out.println("sealed " + epoch);
        System.out.flush();
        image.apply(staging);
      }
    }
  }

  @Test
  void imageOfAKilledProcessHoldsTheNewestSealedEpoch() throws Exception {
    Path dir = Files.createTempDirectory(Path.of("/dev/shm"), "tardigrade-test-");
    long seed = 77;
    Random random = new Random(seed);
    long[] model = new long[RAM_PAGES];
    long modelEpoch = 0;
    try {
      CommittedImage.create(dir, (long) RAM_PAGES * PAGE).close();
      for (int kill = 0; kill < KILLS; kill++) {
        long sealed = runAndKill(dir, random.nextInt(20, 600));
        try (CommittedImage image = CommittedImage.open(dir)) {
          assertThat(image.committedEpoch()).isBetween(sealed, sealed + 1);
          while (modelEpoch < image.committedEpoch()) {
            modelEpoch++;
            for (int i = 0; i < pageCount(modelEpoch); i++) {
              model[firstPage(modelEpoch) + i] = modelEpoch;
            }
          }
          check(image, model);
        }
      }
    } finally {
      CommittedImage.delete(dir);
    }
  }

  private static void check(CommittedImage image, long[] model) throws IOException {
    assertThat(image.deviceState().byteSize()).isEqualTo(image.committedEpoch() % 5000);
    assertThat(image.firstDamagedPage(0, RAM_PAGES)).isEqualTo(-1);
    ByteBuffer ram =
        ByteBuffer.wrap(Files.readAllBytes(image.ramFile())).order(ByteOrder.LITTLE_ENDIAN);
    for (int at = 0; at < ram.limit(); at += Long.BYTES) {
      if (ram.getLong(at) != model[at / PAGE]) {
        throw new AssertionError("page " + at / PAGE + " of epoch " + image.committedEpoch());
      }
    }
  }

  /** Returns the newest epoch that the victim said it had sealed. */
  private static long runAndKill(Path dir, int afterMillis) throws Exception {
    Process victim =
        new ProcessBuilder(
                ProcessHandle.current().info().command().orElseThrow(),
                "--enable-native-access=ALL-UNNAMED",
                "-Xmx64m",
                "-cp",
                System.getProperty("java.class.path"),
                KilledGuardianTest.class.getName(),
                dir.toString())
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start();
    long sealed = -1;
    try (BufferedReader lines =
        new BufferedReader(
            new InputStreamReader(victim.getInputStream(), StandardCharsets.UTF_8))) {
      long deadline = Long.MAX_VALUE;
      boolean killed = false;
      String line;
      while ((line = lines.readLine()) != null) {
        sealed = Long.parseLong(line.substring("sealed ".length()));
        if (deadline == Long.MAX_VALUE) {
          deadline = System.nanoTime() + afterMillis * 1_000_000L;
        }
        if (!killed && System.nanoTime() > deadline) {
          // Once: what it had said before is still read, when it may be reaped already.
          killed = true;
          Linux.kill(victim.pid(), Linux.SIGKILL);
        }
      }
    } finally {
      victim.destroyForcibly().waitFor();
    }
    assertThat(sealed).as("epochs sealed").isPositive();
    return sealed;
  }
}
