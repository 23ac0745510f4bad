package io.tardigrade.coordination;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.tardigrade.replication.View;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class ViewTextTest {
  private static View any(Random random) {
    List<String> names = new ArrayList<>();
    for (int i = random.nextInt(View.BACKUPS_MAX + 1); i >= 0; i--) {
      names.add("host-" + i + "x".repeat(random.nextInt(56)));
    }
    long number = 1 + random.nextInt(1 << random.nextInt(1, 30));
    return new View(
        number, random.nextLong(number + 1), names.getFirst(), names.subList(1, names.size()));
  }

  @Test
  void everyViewComesOutAsItWentIn() throws Exception {
    for (long seed = 0; seed < 5000; seed++) {
      View view = any(new Random(seed));
      byte[] bytes = ViewText.encode(view);
      assertThat(ViewText.decode(bytes)).as("seed %d", seed).isEqualTo(view);
      assertThat(bytes).hasSizeLessThanOrEqualTo(ViewText.BYTES_MAX);
    }
  }

  @Test
  void viewIsTextThatPeopleRead() {
    assertThat(new String(ViewText.encode(new View(7, 5, "a", List.of("b", "c.d"))), US))
        .isEqualTo("tardigrade view 1\nnumber 7\nreign 5\nprimary a\nbackups b c.d\n");
  }

  private static final java.nio.charset.Charset US = StandardCharsets.US_ASCII;

  @Test
  void whatIsNoViewIsNotStored() {
    assertThatThrownBy(() -> ViewText.encode(View.NONE))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> ViewText.encode(View.first("a b")))
        .isInstanceOf(IllegalArgumentException.class);
  }

  /** Any bytes are the text of a view, and of that one only, or refused in one line. */
  static void fuzz(byte[] bytes) {
    try {
      View view = ViewText.decode(bytes);
      assertThat(ViewText.decode(ViewText.encode(view))).isEqualTo(view);
    } catch (StoredViewException e) {
      assertThat(e.getMessage()).doesNotContain("\n").isNotEmpty();
    }
  }

  @Test
  void anyBytesAreAViewOrRefused() {
    fuzz(new byte[0]);
    fuzz(new byte[1 << 20]);
    for (long seed = 0; seed < 20_000; seed++) {
      Random random = new Random(seed);
      byte[] bytes = ViewText.encode(any(random));
      for (int i = random.nextInt(3); i > 0; i--) {
        bytes[random.nextInt(bytes.length)] = (byte) "0 9\nax-\u007f".charAt(random.nextInt(8));
      }
      if (random.nextInt(4) == 0) {
        bytes = java.util.Arrays.copyOf(bytes, random.nextInt(bytes.length + 2));
      }
      fuzz(bytes);
    }
  }
}
