package io.tardigrade.links;

import java.io.IOException;
import java.net.Socket;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.security.cert.X509Certificate;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLPeerUnverifiedException;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.SSLSocketFactory;
import javax.net.ssl.TrustManagerFactory;
import javax.security.auth.x500.X500Principal;

/**
 * TLS as the hosts of a cluster speak it: version 1.3 only, both sides with a certificate that the
 * cluster's own authority has signed. A host is whom the common name of its certificate says.
 */
public final class ClusterTls {
  private static final String[] PROTOCOLS = {"TLSv1.3"};
  private static final Pattern HOST = Pattern.compile("(?:^|,)CN=([a-zA-Z0-9._-]{1,63})(?:,|$)");

  private final SSLSocketFactory sockets;

  /**
   * With this host's key and certificate.
   *
   * @param own holds them, under {@code password}
   * @param authority holds the certificate of the cluster's authority and no other
   */
  public ClusterTls(KeyStore own, char[] password, KeyStore authority)
      throws GeneralSecurityException {
    KeyManagerFactory keys = KeyManagerFactory.getInstance("PKIX");
    keys.init(own, password);
    TrustManagerFactory trust = TrustManagerFactory.getInstance("PKIX");
    trust.init(authority);
    SSLContext context = SSLContext.getInstance("TLSv1.3");
    context.init(keys.getKeyManagers(), trust.getTrustManagers(), null);
    sockets = context.getSocketFactory();
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
    String name =
        chain[0] instanceof X509Certificate certificate
            ? certificate.getSubjectX500Principal().getName(X500Principal.RFC2253)
            : "";
    Matcher host = HOST.matcher(name);
    if (!host.find()) {
      throw new SSLPeerUnverifiedException("certificate of '" + name + "' names no host");
    }
    return host.group(1);
  }
}
