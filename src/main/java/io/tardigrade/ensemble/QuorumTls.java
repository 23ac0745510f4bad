package io.tardigrade.ensemble;

import java.security.GeneralSecurityException;
import java.util.function.Supplier;
import javax.net.ssl.SSLContext;

/** TLS between ZooKeeper's servers, which are hosts of the cluster. Made by it, by its name. */
public final class QuorumTls implements Supplier<SSLContext> {
  @Override
  public SSLContext get() {
    try {
      return HostAuthentication.tls().context(false);
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("TLS cannot be set up", e);
    }
  }
}
