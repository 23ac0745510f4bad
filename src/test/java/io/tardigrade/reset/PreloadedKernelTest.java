package io.tardigrade.reset;

import static org.assertj.core.api.Assertions.assertThat;

import io.tardigrade.reset.PreloadedKernel.Loaded;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** That a reset jumps into the kernel it was told; the loading itself is HostResetTest's. */
final class PreloadedKernelTest {
  @TempDir private Path folder;

  @Test
  void onlyTheVeryKernelThatIsWantedNeedNotBeLoadedAgain() throws IOException {
    NextKernel next = next("a");
    Loaded wanted = Loaded.of(next);
    assertThat(PreloadedKernel.fits(true, wanted, Loaded.of(next))).isTrue();
    assertThat(PreloadedKernel.fits(false, wanted, wanted)).as("unloaded since").isFalse();
    assertThat(PreloadedKernel.fits(true, null, wanted)).as("somebody else's").isFalse();
    assertThat(PreloadedKernel.fits(true, Loaded.of(next("b")), wanted))
        .as("other arguments")
        .isFalse();
    Files.setLastModifiedTime(next.kernel(), FileTime.fromMillis(1));
    assertThat(PreloadedKernel.fits(true, wanted, Loaded.of(next))).as("upgraded").isFalse();
  }

  private NextKernel next(String commandLine) throws IOException {
    Path kernel = folder.resolve("vmlinuz");
    Path initrd = folder.resolve("initrd");
    for (Path file : new Path[] {kernel, initrd}) {
      if (!Files.exists(file)) {
        Files.writeString(file, "x");
      }
    }
    return new NextKernel(kernel, initrd, commandLine);
  }
}
