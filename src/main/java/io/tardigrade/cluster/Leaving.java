package io.tardigrade.cluster;

import io.tardigrade.guest.HostPaths;
import io.tardigrade.guest.Json;
import io.tardigrade.links.Pem;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Collectors;

/** Who is of the cluster and who is no more, as this host keeps it. */
public final class Leaving {
  private final HostPaths paths;
  private final ClusterConfig config;
  private final Registry registry;
  private String written = "";

  public Leaving(HostPaths paths, ClusterConfig config, Registry registry) {
    this.paths = paths;
    this.config = config;
    this.registry = registry;
  }

  /** All hosts of the cluster; the first of them makes itself known. */
  public List<KnownHost> known() throws IOException {
    List<KnownHost> hosts = registry.hosts();
    if (hosts.isEmpty() && config.number() == 1) {
      String serial =
          Pem.certificate(paths.cluster().resolve("host.crt")).getSerialNumber().toString(16);
      boolean _ = registry.add(KnownHost.of(config, serial));
      hosts = registry.hosts();
    }
    return hosts;
  }

  /** Writes down whose certificates were taken back, for all of this host's processes. */
  public void keepRemoved() throws IOException {
    String text =
        registry.removed().stream().map(serial -> serial + "\n").collect(Collectors.joining());
    Path file = paths.cluster().resolve("removed");
    if (!text.equals(written)) {
      if (!Files.exists(file) || !Files.readString(file).equals(text)) {
        Json.writeText(file, text);
      }
      written = text;
    }
  }

  /** Takes a host out: nobody believes it any more. */
  public void remove(KnownHost host) throws IOException {
    registry.remove(host);
    keepRemoved();
  }

  /** Ids of the guests that a host keeps a replica of, or is to. */
  public List<String> replicas(String host) throws IOException {
    return registry.replicas(host);
  }

  /** Takes away all that makes this host one of a cluster. */
  public void deleteFiles() throws IOException {
    HostFolder.delete(paths.cluster());
  }
}
