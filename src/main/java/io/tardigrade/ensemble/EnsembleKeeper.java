package io.tardigrade.ensemble;

import io.tardigrade.cluster.ClusterConfig;
import io.tardigrade.cluster.KnownHost;
import io.tardigrade.guest.HostPaths;
import io.tardigrade.replication.Journal;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.apache.curator.framework.CuratorFramework;
import org.apache.zookeeper.KeeperException;

/**
 * This host's part in the ensemble: keeps its server running, keeps the list of servers on this
 * host up to date, and, where it is the one whose turn it is, changes the ensemble to what {@link
 * EnsemblePlan} says. What is stored stays: servers that join are given it by the others before
 * they count. One thread.
 */
public final class EnsembleKeeper {
  private final HostPaths paths;
  private final ClusterConfig config;
  private final CuratorFramework client;
  private final Journal journal;
  private final ServerProcess process;
  private String fault = "";

  public EnsembleKeeper(
      HostPaths paths, ClusterConfig config, CuratorFramework client, Journal journal) {
    this.paths = paths;
    this.config = config;
    this.client = client;
    this.journal = journal;
    this.process = new ServerProcess(paths);
  }

  /** Sees that this host's server runs, if it has one; needs nobody else. */
  public void keepServer() throws IOException {
    if (!process.exists() && foundsCluster()) {
      process.files().make(config, List.of(Server.of(config)));
    }
    if (process.exists() && process.ensure()) {
      journal.say("starts this host's server of the coordination service");
    }
  }

  /** Whether this host is the first, and has not begun yet. */
  private boolean foundsCluster() throws IOException {
    return config.number() == 1 && config.servers(paths).equals(Server.of(config).client());
  }

  /**
   * Looks at the ensemble, and changes it where it is not as it should be.
   *
   * @param hosts all of the cluster
   * @param present names of those that are heard of
   */
  public void look(List<KnownHost> hosts, Set<String> present)
      throws IOException, InterruptedException {
    Ensemble now = read();
    if (!config.servers(paths).equals(now.clients())) {
      ClusterConfig.writeServers(paths.cluster(), now.clients());
      journal.say("the coordination service is reached at " + now.clients());
    }
    List<EnsemblePlan.Host> candidates =
        hosts.stream()
            .map(host ->
                new EnsemblePlan.Host(
                    new Server(host.number(), host.address(), host.port()),
                    present.contains(host.name())))
            .toList();
    List<Server> wanted = EnsemblePlan.wanted(candidates, now.servers());
    Server own = Server.of(config);
    if (wanted.contains(own) && !now.has(own.number()) && !process.exists()) {
      // A server may begin with no more than those that there are and itself: two that begin at
      // once must not find each other and take themselves for a majority.
      List<Server> known = new ArrayList<>(now.servers());
      known.add(own);
      process.files().make(config, known);
      keepServer();
    } else if (!wanted.contains(own) && !now.has(own.number()) && process.exists()) {
      process.remove();
      journal.say("this host's server of the coordination service is no longer needed");
    }
    if (!wanted.equals(now.servers()) && changes(now, candidates)) {
      change(now, wanted);
    }
  }

  /** Whether it is this host that changes the ensemble: the first of those that are there. */
  private boolean changes(Ensemble now, List<EnsemblePlan.Host> candidates) {
    return candidates.stream()
        .filter(EnsemblePlan.Host::present)
        .map(host -> host.server().number())
        .filter(now::has)
        .min(Integer::compare)
        .map(first -> first == config.number())
        .orElse(false);
  }

  private void change(Ensemble now, List<Server> wanted) throws IOException {
    try {
      byte[] _ =
          client
              .reconfig()
              .withNewMembers(wanted.stream().map(Server::text).toList())
              .fromConfig(now.version())
              .forEnsemble();
      fault = "";
      journal.say(
          "the coordination service is served by " + wanted.size() + " hosts: " + numbers(wanted));
    } catch (KeeperException.NewConfigNoQuorum
        | KeeperException.BadVersionException
        | KeeperException.ReconfigInProgress e) {
      String found = "the coordination service cannot change yet: " + e.getMessage();
      if (!found.equals(fault)) {
        fault = found;
        journal.say(found);
      }
    } catch (Exception e) {
      if (e instanceof InterruptedException) {
        Thread.currentThread().interrupt();
      }
      throw new IOException("changing the coordination service's servers: " + e.getMessage(), e);
    }
  }

  private static String numbers(List<Server> servers) {
    return String.join(
        ", ", servers.stream().map(server -> String.valueOf(server.number())).toList());
  }

  private Ensemble read() throws IOException {
    byte[] text;
    try {
      text = client.getConfig().forEnsemble();
    } catch (Exception e) {
      if (e instanceof InterruptedException) {
        Thread.currentThread().interrupt();
      }
      throw new IOException("asking for the coordination service's servers: " + e.getMessage(), e);
    }
    return Ensemble.parse(new String(text, StandardCharsets.UTF_8));
  }

  /** Ends this host's server, as one does that leaves the cluster. */
  public void end() throws IOException, InterruptedException {
    process.end();
  }
}
