package io.tardigrade.links;

import java.io.UncheckedIOException;
import java.net.Socket;
import java.security.cert.CertificateException;
import java.security.cert.X509Certificate;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.X509ExtendedTrustManager;
import org.jspecify.annotations.Nullable;

/**
 * Believes whom the cluster's authority has signed for, unless that was taken back. Hosts are known
 * by their names, not by their addresses, so an address is not compared with anything.
 */
final class ClusterTrust extends X509ExtendedTrustManager {
  private final X509ExtendedTrustManager authority;
  private final @Nullable RemovedFile removed;
  private final boolean clientsToo;

  ClusterTrust(
      X509ExtendedTrustManager authority, @Nullable RemovedFile removed, boolean clientsToo) {
    this.authority = authority;
    this.removed = removed;
    this.clientsToo = clientsToo;
  }

  private void check(X509Certificate[] chain, boolean asServer) throws CertificateException {
    X509Certificate own = chain[0];
    if (ClusterTls.ofClient(own) && (asServer || !clientsToo)) {
      throw new CertificateException("certificate is of no host");
    }
    try {
      if (removed != null && removed.contains(own.getSerialNumber())) {
        throw new CertificateException("certificate was taken back");
      }
    } catch (UncheckedIOException e) {
      throw new CertificateException("certificate cannot be checked: " + e.getMessage(), e);
    }
  }

  @Override
  public void checkClientTrusted(X509Certificate[] chain, String kind) throws CertificateException {
    authority.checkClientTrusted(chain, kind);
    check(chain, false);
  }

  @Override
  public void checkServerTrusted(X509Certificate[] chain, String kind) throws CertificateException {
    authority.checkServerTrusted(chain, kind);
    check(chain, true);
  }

  @Override
  public void checkClientTrusted(X509Certificate[] chain, String kind, Socket socket)
      throws CertificateException {
    checkClientTrusted(chain, kind);
  }

  @Override
  public void checkServerTrusted(X509Certificate[] chain, String kind, Socket socket)
      throws CertificateException {
    checkServerTrusted(chain, kind);
  }

  @Override
  public void checkClientTrusted(X509Certificate[] chain, String kind, SSLEngine engine)
      throws CertificateException {
    checkClientTrusted(chain, kind);
  }

  @Override
  public void checkServerTrusted(X509Certificate[] chain, String kind, SSLEngine engine)
      throws CertificateException {
    checkServerTrusted(chain, kind);
  }

  @Override
  public X509Certificate[] getAcceptedIssuers() {
    return authority.getAcceptedIssuers();
  }
}
