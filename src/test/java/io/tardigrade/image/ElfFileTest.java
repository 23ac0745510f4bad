package io.tardigrade.image;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ElfFileTest {
  private static final Path PROGRAM = Path.of("/bin/ls");

  @TempDir Path folder;

  @Test
  void linkerAndLibrariesOfAProgramAreRead() throws Exception {
    ElfFile elf = requireNonNull(ElfFile.readIfElf(PROGRAM));
    assertThat(elf.interpreter()).isEqualTo("/lib64/ld-linux-x86-64.so.2");
    assertThat(elf.needed()).contains("libc.so.6");
  }

  @Test
  void fileOfAnotherKindIsNoElfFile() throws Exception {
    Path text = Files.writeString(folder.resolve("text"), "#!/bin/sh\n");
    assertThat(ElfFile.readIfElf(text)).isNull();
    assertThat(ElfFile.readIfElf(Files.writeString(text, "a"))).isNull();
  }

  @Test
  void programOfAnotherMachineIsRefusedInOneLine() throws Exception {
    byte[] bytes = Files.readAllBytes(PROGRAM);
    bytes[18] = (byte) 183;
    assertThatThrownBy(() -> ElfFile.parse(MemorySegment.ofArray(bytes), "ls"))
        .isInstanceOf(ImageException.class)
        .hasMessage("ls is not a 64-bit x86 program or library; guests run these");
  }

  @Test
  void mutatedFilesAreReadOrRefusedButNeverCrash() throws Exception {
    byte[] whole = Files.readAllBytes(PROGRAM);
    byte[] program = Arrays.copyOf(whole, Math.min(whole.length, 1 << 18));
    long seed = System.nanoTime();
    Random random = new Random(seed);
    int refused = 0;
    for (int round = 0; round < 5_000; round++) {
      byte[] bytes = program.clone();
      for (int i = 0; i <= random.nextInt(4); i++) {
        // Headers lie at the front; the dynamic section behind.
        int at = random.nextInt(random.nextBoolean() ? 1024 : bytes.length);
        bytes[at] = (byte) (random.nextBoolean() ? random.nextInt() : 0xff * random.nextInt(2));
      }
      if (random.nextInt(8) == 0) {
        bytes = Arrays.copyOf(bytes, random.nextInt(bytes.length));
      }
      refused += fuzz(bytes, seed) ? 0 : 1;
    }
    assertThat(refused).as("mutations reach the checks, seed %d", seed).isPositive();
  }

  /** Parses any bytes; true when they were taken for an ELF file. */
  static boolean fuzz(byte[] bytes, long seed) {
    try {
      ElfFile elf = ElfFile.parse(MemorySegment.ofArray(bytes), "fuzz");
      assertThat(elf.needed()).as("seed %d", seed).hasSizeLessThanOrEqualTo(4096);
      return true;
    } catch (ImageException e) {
      assertThat(e.getMessage()).doesNotContain("\n");
      return false;
    }
  }
}
