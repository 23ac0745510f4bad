package io.tardigrade.links;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.security.cert.X509Certificate;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLPeerUnverifiedException;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.SSLSocketFactory;
import javax.net.ssl.TrustManager;
import javax.net.ssl.TrustManagerFactory;
import javax.net.ssl.X509ExtendedKeyManager;
import javax.net.ssl.X509ExtendedTrustManager;
import javax.security.auth.x500.X500Principal;
import org.jspecify.annotations.Nullable;

/**
 * TLS as the hosts of a cluster speak it: version 1.3 only, both sides with a certificate that the
 * cluster's own authority has signed and that is not taken back since. A host is whom the common
 * name of its certificate says; a certificate of unit {@value #CLIENT} is of a person's machine
 * that is no host, and is good for the agents' API only.
 */
public final class ClusterTls {
  /** Organisational unit of a certificate that is no host's. */
  public static final String CLIENT = "client";

  /**
   * The first, which all hosts have since Java 12, is the one that a process with the quick
   * compiler alone can afford: without the processor's instructions for it, AES takes five times as
   * long.
   */
  private static final String[] CIPHERS = {
    "TLS_CHACHA20_POLY1305_SHA256", "TLS_AES_128_GCM_SHA256"
  };

  private static final String[] PROTOCOLS = {"TLSv1.3"};
  private static final Pattern COMMON_NAME =
      Pattern.compile("(?:^|,)CN=([a-zA-Z0-9._-]{1,63})(?:,|$)");
  private static final Pattern UNIT = Pattern.compile("(?:^|,)OU=([a-z]{1,63})(?:,|$)");
  private static final char[] PASSWORD = "kept in memory only".toCharArray();

  private final SSLSocketFactory sockets;
  private final KeyManagerFactory keys;
  private final X509ExtendedTrustManager authority;
  private final @Nullable Path folder;

  /**
   * With this host's key and certificate.
   *
   * @param own holds them, under {@code password}
   * @param authority holds the certificate of the cluster's authority and no other
   */
  public ClusterTls(KeyStore own, char[] password, KeyStore authority)
      throws GeneralSecurityException {
    this(own, password, authority, null);
  }

  private ClusterTls(KeyStore own, char[] password, KeyStore authority, @Nullable Path folder)
      throws GeneralSecurityException {
    this.folder = folder;
    this.keys = KeyManagerFactory.getInstance("PKIX");
    keys.init(own, password);
    TrustManagerFactory trust = TrustManagerFactory.getInstance("PKIX");
    trust.init(authority);
    this.authority = (X509ExtendedTrustManager) trust.getTrustManagers()[0];
    this.sockets = context(false).getSocketFactory();
  }

  /**
   * Of a host's files: {@code host.key}, {@code host.crt}, {@code authority.crt}, and {@code
   * removed}, which is read again whenever it has changed.
   */
  public static ClusterTls read(Path folder) throws IOException {
    try {
      X509Certificate authority = Pem.certificate(folder.resolve("authority.crt"));
      KeyStore trusted = empty();
      trusted.setCertificateEntry("authority", authority);
      KeyStore own = empty();
      own.setKeyEntry(
          "host",
          Pem.key(folder.resolve("host.key")),
          PASSWORD,
          new Certificate[] {Pem.certificate(folder.resolve("host.crt")), authority});
      return new ClusterTls(own, PASSWORD, trusted, folder);
    } catch (GeneralSecurityException e) {
      throw new IOException("keys and certificates in " + folder + ": " + e.getMessage(), e);
    }
  }

  private static KeyStore empty() throws GeneralSecurityException, IOException {
    KeyStore store = KeyStore.getInstance("PKCS12");
    store.load(null, null);
    return store;
  }

  /**
   * For other libraries that speak TLS.
   *
   * @param clientsToo whether certificates that are no host's are good
   */
  public SSLContext context(boolean clientsToo) throws GeneralSecurityException {
    SSLContext context = SSLContext.getInstance("TLSv1.3");
    context.init(keys.getKeyManagers(), new TrustManager[] {trust(clientsToo)}, null);
    return context;
  }

  /** Whom this host believes; {@code clientsToo} as with {@link #context}. */
  public X509ExtendedTrustManager trust(boolean clientsToo) {
    return new ClusterTrust(
        authority, folder == null ? null : new RemovedFile(folder.resolve("removed")), clientsToo);
  }

  /** This host's key. */
  public X509ExtendedKeyManager key() {
    return (X509ExtendedKeyManager) keys.getKeyManagers()[0];
  }

  /** The folder that it was read from; empty where it was made from key stores. */
  public Optional<Path> folder() {
    return Optional.ofNullable(folder);
  }

  /**
   * Connects with a host of the cluster at this address, whichever it is.
   *
   * @throws IOException where nobody answers there who is of the cluster
   */
  public SSLSocket connect(InetSocketAddress at, int millisMax) throws IOException {
    Socket raw = new Socket();
    try {
      raw.setTcpNoDelay(true);
      raw.connect(at, millisMax);
      raw.setSoTimeout(millisMax);
      return client(raw);
    } catch (IOException e) {
      raw.close();
      throw e;
    }
  }

  /** Speaks first; returns once both sides have proved who they are, as far as this one sees. */
  SSLSocket client(Socket raw) throws IOException {
    String address = raw.getInetAddress().getHostAddress();
    return shakeHands((SSLSocket) sockets.createSocket(raw, address, raw.getPort(), true));
  }

  /** The other side of {@link #client}. */
  SSLSocket server(Socket raw) throws IOException {
    SSLSocket socket = (SSLSocket) sockets.createSocket(raw, null, true);
    socket.setNeedClientAuth(true);
    return shakeHands(socket);
  }

  private static SSLSocket shakeHands(SSLSocket socket) throws IOException {
    socket.setEnabledProtocols(PROTOCOLS);
    socket.setEnabledCipherSuites(CIPHERS);
    socket.startHandshake();
    return socket;
  }

  /**
   * Who the other side is.
   *
   * @throws SSLPeerUnverifiedException where its certificate names no host
   */
  static String peer(SSLSocket socket) throws SSLPeerUnverifiedException {
    Certificate[] chain = socket.getSession().getPeerCertificates();
    String name = chain[0] instanceof X509Certificate certificate ? nameIn(certificate) : "";
    if (name.isEmpty()) {
      throw new SSLPeerUnverifiedException("certificate names no host");
    }
    return name;
  }

  /** Whom a certificate is of, by its common name; empty where it names nobody that may be. */
  public static String nameIn(X509Certificate certificate) {
    return part(COMMON_NAME, certificate);
  }

  /** Whether a certificate is of a machine that is no host. */
  public static boolean ofClient(X509Certificate certificate) {
    return part(UNIT, certificate).equals(CLIENT);
  }

  private static String part(Pattern pattern, X509Certificate certificate) {
    Matcher matcher =
        pattern.matcher(certificate.getSubjectX500Principal().getName(X500Principal.RFC2253));
    return matcher.find() ? matcher.group(1) : "";
  }
}
