package io.tardigrade.ensemble;

import io.tardigrade.links.ClusterTls;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import org.apache.zookeeper.server.auth.X509AuthenticationProvider;

/**
 * Lets hosts of the cluster into ZooKeeper's port for clients, and nobody else. Made by ZooKeeper,
 * by its name.
 */
public final class HostAuthentication extends X509AuthenticationProvider {
  /** System property that names the folder of a host's keys. */
  static final String FOLDER = "tardigrade.cluster";

  public HostAuthentication() {
    this(tls());
  }

  private HostAuthentication(ClusterTls tls) {
    super(tls.trust(false), tls.key());
  }

  static ClusterTls tls() {
    String folder = System.getProperty(FOLDER);
    if (folder == null) {
      throw new IllegalStateException("no folder of keys is given");
    }
    try {
      return ClusterTls.read(Path.of(folder));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
