package io.tardigrade.cluster;

import io.tardigrade.links.Pem;
import java.io.IOException;
import java.math.BigInteger;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.MessageDigest;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.security.SecureRandom;
import java.security.cert.X509Certificate;
import java.security.spec.ECGenParameterSpec;
import java.time.Duration;
import java.time.Instant;
import java.util.Date;
import java.util.HexFormat;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.asn1.x509.BasicConstraints;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.cert.jcajce.JcaX509CertificateConverter;
import org.bouncycastle.cert.jcajce.JcaX509v3CertificateBuilder;
import org.bouncycastle.operator.OperatorCreationException;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;
import org.bouncycastle.operator.jcajce.JcaContentVerifierProviderBuilder;
import org.bouncycastle.pkcs.PKCSException;
import org.bouncycastle.pkcs.jcajce.JcaPKCS10CertificationRequest;
import org.bouncycastle.pkcs.jcajce.JcaPKCS10CertificationRequestBuilder;

/**
 * A cluster's own authority: an ECDSA key on P-256 that each full host has, so that each can let
 * others in. Subjects are {@code O=tardigrade ID, OU=unit, CN=name}. Clocks of hosts may be apart:
 * certificates are good from a day before.
 */
public final class Authority {
  /** Nobody renews certificates, so they outlive their machines. */
  static final Duration HOST_VALID = Duration.ofDays(3650);

  /** A certificate of a machine that is no host ends by itself. */
  static final Duration CLIENT_VALID = Duration.ofDays(90);

  private static final Duration AUTHORITY_VALID = Duration.ofDays(7300);
  private static final Duration CLOCKS_APART_MAX = Duration.ofDays(1);
  private static final String SIGNATURE = "SHA256withECDSA";
  private static final SecureRandom RANDOM = new SecureRandom();

  private final PrivateKey key;
  private final X509Certificate certificate;

  private Authority(PrivateKey key, X509Certificate certificate) {
    this.key = key;
    this.certificate = certificate;
  }

  /** A new one, of the cluster with this id. */
  static Authority create(String cluster) throws IOException {
    KeyPair pair = newKey();
    X500Name name = new X500Name("O=tardigrade " + cluster + ",CN=authority");
    return new Authority(
        pair.getPrivate(),
        issue(pair.getPrivate(), name, name, pair.getPublic(), AUTHORITY_VALID, true));
  }

  /** From its files; those of a host that only votes lack the key. */
  static Authority read(Path folder) throws IOException {
    return new Authority(
        Pem.key(folder.resolve("authority.key")), Pem.certificate(folder.resolve("authority.crt")));
  }

  /** A key for a host. */
  static KeyPair newKey() throws IOException {
    try {
      KeyPairGenerator generator = KeyPairGenerator.getInstance("EC");
      generator.initialize(new ECGenParameterSpec("secp256r1"));
      return generator.generateKeyPair();
    } catch (GeneralSecurityException e) {
      throw new IOException("no key can be made: " + e.getMessage(), e);
    }
  }

  /** What a host asks to be signed: proves that it has the key (PKCS #10). */
  static String request(KeyPair pair, String name) throws IOException {
    try {
      return Pem.encode(
          "CERTIFICATE REQUEST",
          new JcaPKCS10CertificationRequestBuilder(new X500Name("CN=" + name), pair.getPublic())
              .build(new JcaContentSignerBuilder(SIGNATURE).build(pair.getPrivate()))
              .getEncoded());
    } catch (OperatorCreationException e) {
      throw new IOException("no request can be made: " + e.getMessage(), e);
    }
  }

  /**
   * Signs for whoever asks with {@link #request}.
   *
   * @param unit what the certificate is good for: a role, or {@code client}
   * @throws IOException where the request is damaged, or not signed by its key
   */
  X509Certificate sign(String request, String cluster, String unit, String name, Duration valid)
      throws IOException {
    try {
      JcaPKCS10CertificationRequest asked =
          new JcaPKCS10CertificationRequest(
              Pem.decode("the request", "CERTIFICATE REQUEST", request));
      PublicKey of = asked.getPublicKey();
      if (!asked.isSignatureValid(new JcaContentVerifierProviderBuilder().build(of))) {
        throw new IOException("the request is not signed by its own key");
      }
      return sign(of, cluster, unit, name, valid);
    } catch (GeneralSecurityException
        | OperatorCreationException
        | PKCSException
        | RuntimeException e) {
      throw new IOException("the request cannot be read: " + e.getMessage(), e);
    }
  }

  X509Certificate sign(PublicKey of, String cluster, String unit, String name, Duration valid)
      throws IOException {
    X500Name subject = new X500Name("O=tardigrade " + cluster + ",OU=" + unit + ",CN=" + name);
    X500Name issuer = X500Name.getInstance(certificate.getSubjectX500Principal().getEncoded());
    return issue(key, issuer, subject, of, valid, false);
  }

  private static X509Certificate issue(
      PrivateKey by,
      X500Name issuer,
      X500Name subject,
      PublicKey of,
      Duration valid,
      boolean authority)
      throws IOException {
    Instant now = Instant.now();
    try {
      JcaX509v3CertificateBuilder builder =
          new JcaX509v3CertificateBuilder(
              issuer,
              new BigInteger(120, RANDOM).setBit(120),
              Date.from(now.minus(CLOCKS_APART_MAX)),
              Date.from(now.plus(valid)),
              subject,
              of);
      builder.addExtension(Extension.basicConstraints, true, new BasicConstraints(authority));
      return new JcaX509CertificateConverter()
          .getCertificate(builder.build(new JcaContentSignerBuilder(SIGNATURE).build(by)));
    } catch (GeneralSecurityException | OperatorCreationException e) {
      throw new IOException("no certificate can be made: " + e.getMessage(), e);
    }
  }

  X509Certificate certificate() {
    return certificate;
  }

  /** Its key as text. */
  String keyText() {
    return Pem.encode(Pem.PRIVATE_KEY, key.getEncoded());
  }

  /** Its certificate as text. */
  String text() throws IOException {
    return text(certificate);
  }

  static String text(X509Certificate certificate) throws IOException {
    try {
      return Pem.encode(Pem.CERTIFICATE, certificate.getEncoded());
    } catch (GeneralSecurityException e) {
      throw new IOException("certificate: " + e.getMessage(), e);
    }
  }

  /** SHA-256 of a certificate, hexadecimal: whom a token is of. */
  static String fingerprint(X509Certificate certificate) throws IOException {
    try {
      return HexFormat.of()
          .formatHex(MessageDigest.getInstance("SHA-256").digest(certificate.getEncoded()));
    } catch (GeneralSecurityException e) {
      throw new IOException("certificate: " + e.getMessage(), e);
    }
  }
}
