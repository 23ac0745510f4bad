package io.tardigrade.ensemble;

import io.tardigrade.guest.HostPaths;
import io.tardigrade.process.RotatingLog;
import java.io.IOException;
import java.util.Map;
import java.util.Optional;
import org.apache.zookeeper.server.quorum.QuorumPeerConfig;
import org.apache.zookeeper.server.quorum.QuorumPeerMain;

/**
 * One server of the coordination service, a process that outlives the agent which starts it. Exit
 * status 0: asked to end; 3: another one runs; 1: failed.
 */
public final class ServerMain {
  private static final Map<String, String> SETTINGS =
      Map.ofEntries(
          // The JDK warns of what it would use instead, which gains nothing here.
          Map.entry("io.netty.noUnsafe", "true"),
          Map.entry("zookeeper.admin.enableServer", "false"),
          Map.entry("zookeeper.jmx.log4j.disable", "true"),
          Map.entry("zookeeper.4lw.commands.whitelist", ""),
          // Whoever gets in is a host of the cluster, and each of them may do everything.
          Map.entry("zookeeper.skipACL", "yes"),
          Map.entry(
              "zookeeper.serverCnxnFactory", "org.apache.zookeeper.server.NettyServerCnxnFactory"),
          Map.entry("zookeeper.ssl.enabledProtocols", "TLSv1.3"),
          Map.entry("zookeeper.ssl.quorum.enabledProtocols", "TLSv1.3"),
          Map.entry("zookeeper.ssl.authProvider", "x509"),
          Map.entry("zookeeper.netty.server.outstandingHandshake.limit", "250"),
          // A host without power answers neither a connection nor the end of one.
          Map.entry("zookeeper.cnxTimeout", "1000"),
          Map.entry("zookeeper.learner.closeSocketAsync", "true"),
          Map.entry("zookeeper.leader.closeSocketAsync", "true"),
          Map.entry("zookeeper.fastleader.maxNotificationInterval", "1000"),
          // Who is elected and not followed, as its voter came before it took connections and votes
          // anew, would else lead nobody for as long as a server may take to join.
          Map.entry("zookeeper.leader.maxTimeToWaitForEpoch", "500"),
          Map.entry("zookeeper.preAllocSize", "1024"));

  private ServerMain() {}

  /** Runs the server of the host whose paths the environment tells. */
  public static void main(String[] args) {
    int status;
    HostPaths paths = HostPaths.of(System.getenv());
    ServerFiles files = new ServerFiles(paths.cluster());
    try {
      RotatingLog.takeStderr(files.log());
      Optional<AutoCloseable> lock = files.tryLock();
      status = lock.isPresent() ? 0 : 3;
      if (lock.isPresent()) {
        serve(paths, files);
      }
    } catch (Exception e) {
      e.printStackTrace();
      status = 1;
    }
    Runtime.getRuntime().halt(status);
  }

  private static void serve(HostPaths paths, ServerFiles files) throws Exception {
    SETTINGS.forEach(System::setProperty);
    System.setProperty(HostAuthentication.FOLDER, paths.cluster().toString());
    System.setProperty("zookeeper.authProvider.x509", HostAuthentication.class.getName());
    System.setProperty("zookeeper.ssl.quorum.context.supplier.class", QuorumTls.class.getName());
    QuorumPeerConfig config = new QuorumPeerConfig();
    config.parse(files.settings().toString());
    if (!config.isDistributed()) {
      throw new IOException(files.settings() + " is of a server that stands alone");
    }
    new QuorumPeerMain().runFromConfig(config);
  }
}
