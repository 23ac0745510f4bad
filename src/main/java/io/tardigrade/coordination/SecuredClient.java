package io.tardigrade.coordination;

import io.tardigrade.links.ClusterTls;
import java.nio.file.Path;
import java.util.Map;
import org.apache.zookeeper.client.ZKClientConfig;

/** ZooKeeper's client told to speak TLS 1.3 with a host's certificate. */
final class SecuredClient {
  private SecuredClient() {}

  static ZKClientConfig config(ClusterTls tls) {
    Path folder =
        tls.folder()
            .orElseThrow(() -> new IllegalArgumentException("keys have to be those of a folder"));
    // Read once by the library; the JDK warns of what it would use instead, which gains nothing.
    System.setProperty("io.netty.noUnsafe", "true");
    ZKClientConfig config = new ZKClientConfig();
    Map.of(
            ZKClientConfig.SECURE_CLIENT,
            "true",
            ZKClientConfig.ZOOKEEPER_CLIENT_CNXN_SOCKET,
            "org.apache.zookeeper.ClientCnxnSocketNetty",
            "zookeeper.ssl.protocol",
            "TLSv1.3",
            "zookeeper.ssl.enabledProtocols",
            "TLSv1.3",
            "zookeeper.ssl.keyStore.location",
            folder.resolve("host.pem").toString(),
            "zookeeper.ssl.keyStore.type",
            "PEM",
            "zookeeper.ssl.trustStore.location",
            folder.resolve("authority.crt").toString(),
            "zookeeper.ssl.trustStore.type",
            "PEM",
            // Hosts are known by their certificates' names; a cluster has no names of addresses.
            "zookeeper.ssl.hostnameVerification",
            "false")
        .forEach(config::setProperty);
    return config;
  }
}
