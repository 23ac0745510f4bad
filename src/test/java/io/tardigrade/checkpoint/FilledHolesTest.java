package io.tardigrade.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;

import io.tardigrade.linux.Linux;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What preserved files need of their space: that it is there, and that nothing in it is lost. */
class FilledHolesTest {
  private static final int PAGE = 4096;
  private static final int PAGES = 200;

  @Test
  void holesAreFilledAndContentStays(@TempDir Path folder) throws IOException {
    long seed = System.nanoTime();
    Random random = new Random(seed);
    for (int round = 0; round < 20; round++) {
      Path path = folder.resolve("f" + round);
      byte[] expected = new byte[PAGES * PAGE];
      try (RandomAccessFile file = new RandomAccessFile(path.toFile(), "rw")) {
        file.setLength(expected.length);
        for (int page = 0; page < PAGES; page++) {
          if (random.nextInt(3) == 0) {
            byte[] content = new byte[PAGE];
            random.nextBytes(content);
            file.seek((long) page * PAGE);
            file.write(content);
            System.arraycopy(content, 0, expected, page * PAGE, PAGE);
          }
        }
      }
      int first = random.nextInt(PAGES);
      int count = 1 + random.nextInt(PAGES - first);
      int fd = Linux.open(path, Linux.O_RDWR);
      try {
        MappedFile.fillHoles(fd, (long) first * PAGE, (long) count * PAGE);
        long hole = Linux.lseek(fd, (long) first * PAGE, 4);
        assertThat(hole).as("seed %d", seed).isGreaterThanOrEqualTo((long) (first + count) * PAGE);
      } finally {
        Linux.close(fd);
      }
      assertThat(Files.readAllBytes(path)).as("seed %d", seed).isEqualTo(expected);
    }
  }
}
