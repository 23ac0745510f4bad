package io.tardigrade.cluster;

import io.tardigrade.guest.GuestSpec;
import io.tardigrade.guest.HostPaths;
import io.tardigrade.guest.Json;
import io.tardigrade.links.ClusterTls;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * What this host is in its cluster, as it lies in its state folder:
 *
 * <pre>
 *   cluster/host.json       this record
 *   cluster/servers         ADDRESS:PORT,…   where the coordination service is reached; rewritten
 *                           whenever its servers change
 *   cluster/authority.crt   PEM: certificate of the cluster's authority
 *   cluster/authority.key   PEM, full hosts only: its key, so that each of them can let others in
 *   cluster/host.crt        PEM: this host's certificate
 *   cluster/host.pem        PEM: its key and certificate in one, as ZooKeeper wants them
 *   cluster/host.key        PEM: its key
 *   cluster/removed         serial numbers of certificates that are no longer good, one a line
 *   cluster/zookeeper/      data of this host's server
 * </pre>
 *
 * @param version of this file's form, {@value #VERSION}
 * @param cluster id of the cluster, 8 hexadecimal digits
 * @param name of this host, unique in the cluster
 * @param number of this host, from 1, never given twice; tells its server from others
 * @param zone what fails together; may be empty
 * @param role whether it runs guests or only votes
 * @param address of this host that the others reach it at
 * @param port on it, of the agent's API
 * @param network of all guests of the cluster, like {@code 10.117.0.0/16}
 * @param uplink interface that connects the guests of all hosts; null where they are connected
 *     through {@code address}
 */
public record ClusterConfig(
    int version,
    String cluster,
    String name,
    int number,
    String zone,
    String role,
    String address,
    int port,
    String network,
    @Nullable String uplink) {
  /** The form that this program reads and writes. */
  public static final int VERSION = 1;

  /** Runs guests, keeps replicas, votes, and can let others in. */
  public static final String FULL = "full";

  /** Only votes. */
  public static final String WITNESS = "witness";

  private static final int SERVERS_CHARS_MAX = 1024;
  private static final Pattern CLUSTER = Pattern.compile("[0-9a-f]{8}");
  private static final Pattern ZONE = Pattern.compile("[a-zA-Z0-9._-]{0,63}");
  private static final Pattern ADDRESS =
      Pattern.compile("\\d{1,3}(\\.\\d{1,3}){3}|[0-9a-fA-F:.]{2,45}");
  private static final Pattern NETWORK = Pattern.compile("\\d{1,3}(\\.\\d{1,3}){3}/\\d{1,2}");
  private static final Pattern INTERFACE = Pattern.compile("[a-zA-Z0-9._-]{1,15}");
  private static final Pattern SERVERS =
      Pattern.compile("[0-9a-fA-F.:\\[\\]]+:\\d{1,5}(,[0-9a-fA-F.:\\[\\]]+:\\d{1,5})*");

  public ClusterConfig {
    if (version != VERSION) {
      throw new IllegalArgumentException(
          "version " + version + ", but this program reads " + VERSION);
    }
    check("cluster", cluster, CLUSTER, "8 hexadecimal digits");
    GuestSpec.checkName("host", name);
    check("zone", zone, ZONE, "up to 63 of a-z A-Z 0-9 . _ -");
    check("address", address, ADDRESS, "an IP address");
    check("network", network, NETWORK, "one like 10.117.0.0/16");
    if (uplink != null) {
      check("uplink", uplink, INTERFACE, "the name of an interface");
    }
    if (!role.equals(FULL) && !role.equals(WITNESS)) {
      throw new IllegalArgumentException("role '" + role + "', expected full or witness");
    }
    if (number < 1 || number > 255) {
      throw new IllegalArgumentException("number " + number + ", expected 1 to 255");
    }
    if (port < 1 || port > 65_531) {
      throw new IllegalArgumentException("port " + port + ", expected 1 to 65531");
    }
  }

  private static void check(String what, String text, Pattern form, String expected) {
    if (!form.matcher(text).matches()) {
      throw new IllegalArgumentException(what + " '" + text + "', expected " + expected);
    }
  }

  /** Empty where this host is of no cluster. */
  public static Optional<ClusterConfig> read(HostPaths paths) throws IOException {
    Path file = paths.cluster().resolve("host.json");
    return Files.exists(file)
        ? Optional.of(Json.read(file, ClusterConfig.class))
        : Optional.empty();
  }

  /** Writes it over what was there. */
  public void write(Path folder) throws IOException {
    Json.write(folder.resolve("host.json"), this);
  }

  /** How this host proves who it is. */
  public ClusterTls tls(HostPaths paths) throws IOException {
    return ClusterTls.read(paths.cluster());
  }

  /** Where the coordination service is reached now: {@code ADDRESS:PORT,…}. */
  public String servers(HostPaths paths) throws IOException {
    Path file = paths.cluster().resolve("servers");
    if (Files.size(file) > SERVERS_CHARS_MAX) {
      throw new IOException(file + " is longer than " + SERVERS_CHARS_MAX + " bytes");
    }
    return checkServers(file.toString(), Files.readString(file).strip());
  }

  /** Writes what {@link #servers} reads, in one step. */
  public static void writeServers(Path folder, String servers) throws IOException {
    Json.writeText(folder.resolve("servers"), checkServers("list of servers", servers) + "\n");
  }

  private static String checkServers(String what, String servers) throws IOException {
    if (servers.length() > SERVERS_CHARS_MAX || !SERVERS.matcher(servers).matches()) {
      throw new IOException(what + " holds no list like ADDRESS:PORT,ADDRESS:PORT");
    }
    return servers;
  }

  /** Whether this host runs guests. */
  public boolean full() {
    return role.equals(FULL);
  }
}
