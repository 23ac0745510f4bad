package io.tardigrade.cluster;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.tardigrade.guest.UsageException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class TokenTest {
  private static final String FINGERPRINT = "ab".repeat(32);

  @Test
  void tokenComesOutAsItWentIn() {
    Token token = Token.create(FINGERPRINT, List.of("10.9.0.1:7424", "[fd00::1]:7424"));
    assertThat(Token.parse(" " + token.text() + "\n")).isEqualTo(token);
    assertThat(token.text()).matches("tdg-[A-Za-z0-9_-]+");
  }

  @Test
  void noTwoTokensHaveTheSameSecretAndTheClusterKeepsADigestOnly() {
    Token one = Token.create(FINGERPRINT, List.of("10.9.0.1:7424"));
    Token other = Token.create(FINGERPRINT, List.of("10.9.0.1:7424"));
    assertThat(one.secret()).isNotEqualTo(other.secret());
    assertThat(Token.digest(one.secret())).hasSize(64).doesNotContain(one.secret());
  }

  /** Any text is a token, and that only, or refused in one line. */
  static void fuzz(byte[] bytes) {
    String text = new String(bytes, StandardCharsets.ISO_8859_1);
    try {
      Token token = Token.parse(text);
      assertThat(Token.parse(token.text())).isEqualTo(token);
    } catch (UsageException e) {
      assertThat(e.getMessage()).doesNotContain("\n").contains("host token");
    }
  }

  @Test
  void anyTextIsATokenOrRefused() {
    fuzz(new byte[0]);
    fuzz(new byte[1 << 20]);
    byte[] good =
        Token.create(FINGERPRINT, List.of("10.9.0.1:7424", "10.9.0.2:7424"))
            .text()
            .getBytes(StandardCharsets.ISO_8859_1);
    for (long seed = 0; seed < 20_000; seed++) {
      Random random = new Random(seed);
      byte[] bytes = java.util.Arrays.copyOf(good, good.length - random.nextInt(3));
      for (int i = random.nextInt(4); i > 0; i--) {
        bytes[random.nextInt(bytes.length)] = (byte) random.nextInt();
      }
      fuzz(bytes);
    }
  }

  @Test
  void oneWrongCharacterIsNoticed() {
    String good = Token.create(FINGERPRINT, List.of("10.9.0.1:7424")).text();
    char[] bad = good.toCharArray();
    bad[10] = bad[10] == 'A' ? 'B' : 'A';
    assertThatThrownBy(() -> Token.parse(new String(bad))).isInstanceOf(UsageException.class);
  }
}
