package io.tardigrade.links;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.PrivateKey;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.Base64;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Keys and certificates as text (RFC 7468):
 *
 * <pre>
 *   -----BEGIN label-----
 *   base64, 64 characters a line
 *   -----END label-----
 * </pre>
 */
public final class Pem {
  /** Of a certificate. */
  public static final String CERTIFICATE = "CERTIFICATE";

  /** Of a key, as PKCS #8. */
  public static final String PRIVATE_KEY = "PRIVATE KEY";

  private static final int TEXT_CHARS_MAX = 16 << 10;

  private Pem() {}

  /** One thing as text. */
  public static String encode(String label, byte[] der) {
    return "-----BEGIN "
        + label
        + "-----\n"
        + Base64.getMimeEncoder(64, new byte[] {'\n'}).encodeToString(der)
        + "\n-----END "
        + label
        + "-----\n";
  }

  /**
   * The first thing of this label.
   *
   * @param what is read, named in errors
   */
  public static byte[] decode(String what, String label, String text) throws IOException {
    if (text.length() > TEXT_CHARS_MAX) {
      throw new IOException(what + " is longer than " + TEXT_CHARS_MAX + " characters");
    }
    Matcher form =
        Pattern.compile(
                "-----BEGIN " + label + "-----\\s+([A-Za-z0-9+/=\\s]+?)-----END " + label + "-----")
            .matcher(text);
    if (!form.find()) {
      throw new IOException(what + " holds no " + label);
    }
    try {
      return Base64.getMimeDecoder().decode(form.group(1));
    } catch (IllegalArgumentException e) {
      throw new IOException(what + " holds a " + label + " that is damaged", e);
    }
  }

  /** A certificate from its text. */
  public static X509Certificate certificate(String what, String text) throws IOException {
    try {
      return (X509Certificate)
          CertificateFactory.getInstance("X.509")
              .generateCertificate(new ByteArrayInputStream(decode(what, CERTIFICATE, text)));
    } catch (CertificateException e) {
      throw new IOException(what + " holds no certificate: " + e.getMessage(), e);
    }
  }

  /** A key on a curve, from its text. */
  public static PrivateKey key(String what, String text) throws IOException {
    try {
      return KeyFactory.getInstance("EC")
          .generatePrivate(new PKCS8EncodedKeySpec(decode(what, PRIVATE_KEY, text)));
    } catch (GeneralSecurityException e) {
      throw new IOException(what + " holds no key: " + e.getMessage(), e);
    }
  }

  /** As {@link #certificate(String, String)}, of a file. */
  public static X509Certificate certificate(Path file) throws IOException {
    return certificate(file.toString(), text(file));
  }

  /** As {@link #key(String, String)}, of a file. */
  public static PrivateKey key(Path file) throws IOException {
    return key(file.toString(), text(file));
  }

  private static String text(Path file) throws IOException {
    if (Files.size(file) > TEXT_CHARS_MAX) {
      throw new IOException(file + " is longer than " + TEXT_CHARS_MAX + " bytes");
    }
    return Files.readString(file, StandardCharsets.US_ASCII);
  }
}
