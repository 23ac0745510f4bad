package io.tardigrade.links;

import java.math.BigInteger;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.security.cert.X509Certificate;
import java.security.spec.ECGenParameterSpec;
import java.time.Duration;
import java.time.Instant;
import java.util.Date;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.asn1.x509.BasicConstraints;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.cert.jcajce.JcaX509CertificateConverter;
import org.bouncycastle.cert.jcajce.JcaX509v3CertificateBuilder;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;

/** An authority that signs whatever it is asked to. */
public final class TestAuthority {
  static final char[] PASSWORD = "of no use".toCharArray();

  private final KeyPair keys = keys();
  private final X509Certificate certificate;
  private final X500Name name;
  private long serial = 1;

  public TestAuthority(String cluster) throws Exception {
    name = new X500Name("O=" + cluster);
    certificate = sign(name, keys, Instant.now().plus(Duration.ofDays(1)), true);
  }

  private static KeyPair keys() throws Exception {
    KeyPairGenerator generator = KeyPairGenerator.getInstance("EC");
    generator.initialize(new ECGenParameterSpec("secp256r1"));
    return generator.generateKeyPair();
  }

  private X509Certificate sign(X500Name subject, KeyPair of, Instant until, boolean authority)
      throws Exception {
    Instant from = until.minus(Duration.ofDays(2));
    JcaX509v3CertificateBuilder builder =
        new JcaX509v3CertificateBuilder(
            name,
            BigInteger.valueOf(serial++),
            Date.from(from),
            Date.from(until),
            subject,
            of.getPublic());
    builder.addExtension(Extension.basicConstraints, true, new BasicConstraints(authority));
    return new JcaX509CertificateConverter()
        .getCertificate(
            builder.build(new JcaContentSignerBuilder("SHA256withECDSA").build(keys.getPrivate())));
  }

  /** A host of this cluster. */
  public ClusterTls host(String host) throws Exception {
    return host("CN=" + host, this, Duration.ofDays(1));
  }

  /** Whoever has such a certificate, and trusts {@code trusted}. */
  ClusterTls host(String subject, TestAuthority trusted, Duration validFor) throws Exception {
    return new ClusterTls(keyStore(subject, validFor), PASSWORD, trusted.store());
  }

  /** What a host of this cluster could use that speaks other versions of TLS. */
  SSLContext context(String host) throws Exception {
    KeyManagerFactory keys = KeyManagerFactory.getInstance("PKIX");
    keys.init(keyStore("CN=" + host, Duration.ofDays(1)), PASSWORD);
    TrustManagerFactory trust = TrustManagerFactory.getInstance("PKIX");
    trust.init(store());
    SSLContext context = SSLContext.getInstance("TLS");
    context.init(keys.getKeyManagers(), trust.getTrustManagers(), null);
    return context;
  }

  private KeyStore keyStore(String subject, Duration validFor) throws Exception {
    KeyPair own = keys();
    KeyStore store = KeyStore.getInstance("PKCS12");
    store.load(null, null);
    store.setKeyEntry(
        "host",
        own.getPrivate(),
        PASSWORD,
        new Certificate[] {
          sign(new X500Name(subject), own, Instant.now().plus(validFor), false), certificate
        });
    return store;
  }

  /** Writes the files by which a host proves who it is, as a cluster's host has them. */
  public void writeHost(java.nio.file.Path folder, String host) throws Exception {
    KeyPair own = keys();
    X509Certificate proof =
        sign(new X500Name("CN=" + host), own, Instant.now().plus(Duration.ofDays(1)), false);
    String key = Pem.encode(Pem.PRIVATE_KEY, own.getPrivate().getEncoded());
    String signed = Pem.encode(Pem.CERTIFICATE, proof.getEncoded());
    java.nio.file.Files.createDirectories(folder);
    java.nio.file.Files.writeString(folder.resolve("host.key"), key);
    java.nio.file.Files.writeString(folder.resolve("host.crt"), signed);
    java.nio.file.Files.writeString(folder.resolve("host.pem"), key + signed);
    java.nio.file.Files.writeString(
        folder.resolve("authority.crt"), Pem.encode(Pem.CERTIFICATE, certificate.getEncoded()));
  }

  private KeyStore store() throws Exception {
    KeyStore store = KeyStore.getInstance("PKCS12");
    store.load(null, null);
    store.setCertificateEntry("authority", certificate);
    return store;
  }
}
