package io.tardigrade.cluster;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.tardigrade.links.ClusterTls;
import io.tardigrade.links.Pem;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyPair;
import java.security.cert.CertificateException;
import java.security.cert.X509Certificate;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class AuthorityTest {
  private static final Duration DAY = Duration.ofDays(1);

  @TempDir Path folder;
  private final Authority authority = Authority.create("1f3c9a20");
  private final KeyPair pair = Authority.newKey();

  AuthorityTest() throws IOException {}

  private X509Certificate sign(String unit, Duration valid) throws IOException {
    return authority.sign(pair.getPublic(), "1f3c9a20", unit, "h2", valid);
  }

  /** This host, whose own certificate is good. */
  private ClusterTls host() throws IOException {
    Files.writeString(folder.resolve("authority.crt"), authority.text());
    Files.writeString(folder.resolve("host.crt"), Authority.text(sign("full", DAY)));
    Files.writeString(
        folder.resolve("host.key"), Pem.encode(Pem.PRIVATE_KEY, pair.getPrivate().getEncoded()));
    return ClusterTls.read(folder);
  }

  private X509Certificate[] chain(X509Certificate of) {
    return new X509Certificate[] {of, authority.certificate()};
  }

  @Test
  void hostIsBelievedWhoseRequestTheAuthoritySigned() throws Exception {
    X509Certificate signed =
        authority.sign(Authority.request(pair, "h2"), "1f3c9a20", "full", "h2", DAY);
    host().trust(false).checkClientTrusted(chain(signed), "EC");
    host().trust(false).checkServerTrusted(chain(signed), "EC");
    assertThat(ClusterTls.nameIn(signed)).isEqualTo("h2");
  }

  @Test
  void certificateOfAnotherClusterIsNotBelieved() throws Exception {
    Authority other = Authority.create("00000001");
    X509Certificate signed = other.sign(pair.getPublic(), "1f3c9a20", "full", "h2", DAY);
    assertThatThrownBy(() ->
            host()
                .trust(true)
                .checkClientTrusted(new X509Certificate[] {signed, other.certificate()}, "EC"))
        .isInstanceOf(CertificateException.class);
  }

  @Test
  void certificateThatIsOverIsNotBelieved() throws Exception {
    X509Certificate over = sign("full", Duration.ofSeconds(-5));
    assertThatThrownBy(() -> host().trust(true).checkClientTrusted(chain(over), "EC"))
        .isInstanceOf(CertificateException.class);
  }

  @Test
  void certificateThatWasTakenBackIsNotBelievedFromThenOn() throws Exception {
    X509Certificate signed = sign("full", DAY);
    ClusterTls tls = host();
    var trust = tls.trust(false);
    trust.checkClientTrusted(chain(signed), "EC");
    Files.writeString(
        folder.resolve("removed"), "1234\n" + signed.getSerialNumber().toString(16) + "\n");
    assertThatThrownBy(() -> trust.checkClientTrusted(chain(signed), "EC"))
        .isInstanceOf(CertificateException.class)
        .hasMessageContaining("taken back");
  }

  @Test
  void clientIsBelievedAtTheApiOnlyAndIsNeverAServer() throws Exception {
    X509Certificate client = sign(ClusterTls.CLIENT, DAY);
    host().trust(true).checkClientTrusted(chain(client), "EC");
    assertThatThrownBy(() -> host().trust(false).checkClientTrusted(chain(client), "EC"))
        .isInstanceOf(CertificateException.class);
    assertThatThrownBy(() -> host().trust(true).checkServerTrusted(chain(client), "EC"))
        .isInstanceOf(CertificateException.class);
  }

  @Test
  void whoJoinsBelievesTheAuthorityOfItsTokenOnly() throws Exception {
    X509Certificate signed = sign("full", DAY);
    new PinnedTrust(Authority.fingerprint(authority.certificate()))
        .checkServerTrusted(chain(signed), "EC");
    PinnedTrust other =
        new PinnedTrust(Authority.fingerprint(Authority.create("1f3c9a20").certificate()));
    assertThatThrownBy(() -> other.checkServerTrusted(chain(signed), "EC"))
        .isInstanceOf(CertificateException.class);
  }

  @Test
  void requestThatIsNoneIsRefused() {
    assertThatThrownBy(() -> authority.sign("nonsense", "1f3c9a20", "full", "h2", DAY))
        .isInstanceOf(IOException.class);
    assertThatThrownBy(() ->
            authority.sign(
                Pem.encode("CERTIFICATE REQUEST", new byte[100]), "1f3c9a20", "full", "h2", DAY))
        .isInstanceOf(IOException.class);
  }
}
