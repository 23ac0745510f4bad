package io.tardigrade.agent;

import io.tardigrade.cluster.ClusterConfig;
import io.tardigrade.control.Problem;
import io.tardigrade.links.ClusterTls;
import java.io.Closeable;
import java.io.IOException;
import java.security.GeneralSecurityException;
import java.security.cert.X509Certificate;
import org.eclipse.jetty.io.EndPoint;
import org.eclipse.jetty.server.HttpConfiguration;
import org.eclipse.jetty.server.HttpConnectionFactory;
import org.eclipse.jetty.server.NetworkConnectionLimit;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.SecureRequestCustomizer;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;
import org.eclipse.jetty.server.SslConnectionFactory;
import org.eclipse.jetty.util.ssl.SslContextFactory;

/**
 * The API as it is served to other machines: TLS 1.3 in which both sides show a certificate of the
 * cluster. Connections are bounded in number, and so is the time that they may say nothing.
 */
final class SecuredPort implements Closeable {
  static final int CONNECTIONS_MAX = 128;
  static final long IDLE_MILLIS_MAX = 10_000;

  private final ServerConnector connector;
  private final Server server;
  private final NetworkConnectionLimit limit;
  private final String where;

  SecuredPort(Server server, HttpConfiguration http, ClusterConfig config, ClusterTls tls)
      throws GeneralSecurityException {
    this.server = server;
    this.where = config.address() + " port " + config.port();
    SslContextFactory.Server factory = new SslContextFactory.Server();
    factory.setSslContext(tls.context(true));
    factory.setNeedClientAuth(true);
    factory.setIncludeProtocols("TLSv1.3");
    factory.setEndpointIdentificationAlgorithm(null);
    HttpConfiguration secured = new HttpConfiguration(http);
    // Hosts are asked by address, and are known by the names in their certificates.
    secured.addCustomizer(new SecureRequestCustomizer(false));
    this.connector =
        new ServerConnector(
            server,
            1,
            1,
            new SslConnectionFactory(factory, "http/1.1"),
            new HttpConnectionFactory(secured));
    connector.setHost(config.address());
    connector.setPort(config.port());
    connector.setIdleTimeout(IDLE_MILLIS_MAX);
    this.limit = new NetworkConnectionLimit(CONNECTIONS_MAX, connector);
  }

  void open() throws IOException {
    try {
      limit.start();
      server.addConnector(connector);
      connector.start();
    } catch (Exception e) {
      close();
      throw new IOException("cannot serve other hosts at " + where + ": " + e.getMessage(), e);
    }
  }

  /** What hosts ask of each other is nobody else's. */
  static void refuseClients(Request request) throws ApiServer.RefusedRequestException {
    EndPoint.SslSessionData session =
        request.getConnectionMetaData().getConnection().getEndPoint().getSslSessionData();
    if (session == null || !Request.getPathInContext(request).startsWith("/cluster/")) {
      return;
    }
    X509Certificate[] chain = session.peerCertificates();
    if (chain == null || chain.length == 0 || ClusterTls.ofClient(chain[0])) {
      throw new ApiServer.RefusedRequestException(
          Problem.of(Problem.Code.NOT_FOUND, "this is for hosts of the cluster only"));
    }
  }

  @Override
  public void close() throws IOException {
    try {
      server.removeConnector(connector);
      connector.stop();
      limit.stop();
    } catch (Exception e) {
      throw new IOException("the port at " + where + " does not close: " + e.getMessage(), e);
    }
  }
}
