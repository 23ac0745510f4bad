package io.tardigrade.preserve;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** A manifest is read as it was sealed, or refused. */
class ManifestTest {
  private static final Instant AT = Instant.parse("2026-11-22T10:00:00Z");

  private static Manifest manifest(int guests) {
    return new Manifest(
        "5f0c",
        AT,
        AT,
        "update",
        "0.1.0",
        "6.1.0",
        java.util.stream.IntStream.range(0, guests)
            .mapToObj(i -> new Manifest.Frozen("g" + i, i + 1, AT))
            .toList());
  }

  /** What any bytes lead to: a manifest, or an {@link IOException}. */
  static boolean fuzz(byte[] bytes) {
    try {
      Manifest read = Manifest.decode(bytes);
      assertThat(read.guests()).hasSizeLessThanOrEqualTo(Manifest.GUESTS_MAX);
      return true;
    } catch (IOException refused) {
      assertThat(refused.getMessage()).isNotBlank();
      return false;
    }
  }

  @Test
  void isReadAsItWasSealed() throws IOException {
    assertThat(Manifest.decode(manifest(0).encode())).isEqualTo(manifest(0));
    assertThat(Manifest.decode(manifest(300).encode())).isEqualTo(manifest(300));
    assertThat(manifest(3).guest("g1")).map(Manifest.Frozen::epoch).contains(2L);
    assertThat(manifest(3).guest("g3")).isEmpty();
  }

  @Test
  void oneBitChangedAnywhereIsRefused() {
    byte[] sealed = manifest(2).encode();
    for (int bit = 0; bit < sealed.length * 8; bit++) {
      byte[] changed = sealed.clone();
      changed[bit / 8] ^= (byte) (1 << bit % 8);
      assertThat(fuzz(changed)).as("bit %d", bit).isFalse();
    }
  }

  @Test
  void everyShorterAndLongerOneIsRefused() {
    byte[] sealed = manifest(1).encode();
    for (int length = 0; length < sealed.length + 8; length++) {
      boolean whole = length == sealed.length;
      assertThat(fuzz(java.util.Arrays.copyOf(sealed, length))).isEqualTo(whole);
    }
  }

  @Test
  void anotherVersionIsNamed() {
    byte[] sealed = manifest(1).encode();
    sealed[11] = 9;
    assertThatThrownBy(() -> Manifest.decode(sealed))
        .hasMessageContaining("version 9")
        .hasMessageContaining("version 1");
  }

  @Test
  void contentThatCannotBeIsRefusedAlthoughItsChecksumHolds() {
    for (String content :
        List.of(
            "",
            "null",
            "[]",
            "{}",
            "{\"boot_id\":\"x\",\"guests\":[{\"name\":\"../x\",\"epoch\":1}]}",
            "{\"boot_id\":\"x\",\"guests\":[{\"name\":\"a\",\"epoch\":-1}]}",
            "{\"boot_id\":\"x\",\"guests\":[{\"name\":\"a\",\"epoch\":1},{\"name\":\"a\",\"epoch\":2}]}")) {
      assertThat(fuzz(Manifest.frame(content.getBytes(StandardCharsets.UTF_8))))
          .as(content)
          .isFalse();
    }
  }

  @Test
  void arbitraryBytesNeitherCrashNorHang() {
    long seed = System.nanoTime();
    Random random = new Random(seed);
    byte[] sealed = manifest(5).encode();
    for (int i = 0; i < 20_000; i++) {
      byte[] bytes;
      if (i % 2 == 0) {
        bytes = new byte[random.nextInt(200)];
        random.nextBytes(bytes);
      } else {
        byte[] content = java.util.Arrays.copyOfRange(sealed, 16, sealed.length - 4);
        for (int change = 1 + random.nextInt(4); change > 0; change--) {
          content[random.nextInt(content.length)] = (byte) random.nextInt();
        }
        bytes = Manifest.frame(content);
      }
      try {
        boolean _ = fuzz(bytes);
      } catch (RuntimeException e) {
        throw new AssertionError("seed " + seed + ", try " + i, e);
      }
    }
  }
}
