package io.tardigrade.system;

import io.tardigrade.cluster.ClusterConfig;
import io.tardigrade.coordination.Coordination;
import io.tardigrade.coordination.GuestRegister;
import io.tardigrade.coordination.ZooKeeperProcess;
import io.tardigrade.guardian.GuardianClient;
import io.tardigrade.guest.GuestDefinition;
import io.tardigrade.guest.GuestFiles;
import io.tardigrade.guest.GuestSpec;
import io.tardigrade.guest.GuestStatus;
import io.tardigrade.guest.HostPaths;
import io.tardigrade.guest.ReplicaSpec;
import io.tardigrade.links.TestAuthority;
import io.tardigrade.linux.Command;
import io.tardigrade.linux.Linux;
import io.tardigrade.preserve.ResetLock;
import io.tardigrade.replication.HostRoom;
import java.io.IOException;
import java.net.BindException;
import java.net.InetAddress;
import java.net.NetworkInterface;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * Three hosts of a cluster on this machine, each an installation of its own with its own agent, and
 * one guest: their devices share the first one's bridge, so that the guest's address leads to it
 * wherever it runs.
 */
final class ReplicaHosts implements AutoCloseable {
  /** Of the processes that run tests at once: each has networks and ports of its own. */
  private static final int PROCESS = Integer.getInteger("test.process", 1);

  private static final int PROCESSES_MAX = 4;

  static final String GUEST = "kv";

  private final Map<String, TestHost> hosts = new LinkedHashMap<>();
  private final List<String> taps = new ArrayList<>();
  private final List<Coordination> announced = new ArrayList<>();
  private final ZooKeeperProcess coordinator;
  final Coordination coordination;
  final GuestRegister register;
  private ReplicaSpec replica = ReplicaSpec.of(GUEST, 1, 0, true);
  private GuestSpec spec;

  ReplicaHosts(Path folder) throws Exception {
    TestAuthority authority = new TestAuthority("cluster");
    Path own = folder.resolve("own");
    authority.writeHost(own, "server");
    coordinator = new ZooKeeperProcess(folder, own);
    int place = freePlace();
    int number = 1;
    for (String name : List.of("a", "b", "c")) {
      TestHost host = TestHost.create();
      hosts.put(name, host);
      Path cluster = host.paths().cluster();
      authority.writeHost(cluster, name);
      new ClusterConfig(
              ClusterConfig.VERSION,
              "1f3c9a20",
              name,
              number,
              "",
              "full",
              "127.0.0.1",
              port(place, number),
              network(place) + "0.0/16",
              null)
          .write(cluster);
      number++;
      Files.writeString(cluster.resolve("servers"), coordinator.address() + "\n");
    }
    coordination =
        new Coordination(
            coordinator.address(),
            io.tardigrade.links.ClusterTls.read(own),
            line -> System.out.println(line));
    if (!coordination.await(30_000)) {
      throw new IOException(
          "ZooKeeper does not answer: " + Files.readString(folder.resolve("log")));
    }
    register = coordination.guestRegister();
    for (String name : hosts.keySet()) {
      Coordination of =
          new Coordination(
              coordinator.address(),
              io.tardigrade.links.ClusterTls.read(own),
              line -> System.out.println(line));
      announced.add(of);
      of.register(known -> {}).accept(new HostRoom(name, "", 64L << 30, true));
    }
    spec = null;
  }

  /** Which of this process's networks and ports: what a killed run has left may be in use. */
  private static int freePlace() throws IOException {
    for (int place = PROCESS; place <= 5 * PROCESSES_MAX; place += PROCESSES_MAX) {
      if (isFree(place)) {
        return place;
      }
    }
    throw new IOException("networks or ports of earlier tests are in use; see 'ip address'");
  }

  private static boolean isFree(int place) throws IOException {
    String network = network(place);
    boolean used =
        NetworkInterface.networkInterfaces()
            .flatMap(NetworkInterface::inetAddresses)
            .anyMatch(address -> address.getHostAddress().startsWith(network));
    for (int number = 1; number <= 3 && !used; number++) {
      try (ServerSocket _ =
          new ServerSocket(port(place, number), 1, InetAddress.getLoopbackAddress())) {
        continue;
      } catch (BindException e) {
        used = true;
      }
    }
    return !used;
  }

  private static String network(int place) {
    return "10.%d.".formatted(230 + place);
  }

  private static int port(int place, int number) {
    return 7300 + 100 * place + 10 * number;
  }

  TestHost host(String name) {
    return Objects.requireNonNull(hosts.get(name));
  }

  /** Starts a guest on host a, replicates it with two backups, and waits until it is protected. */
  void start(String... program) throws Exception {
    Guest guest = host("a").runShared(GUEST, program);
    guest.awaitProtected();
    protect();
  }

  /** Copies the logs of all hosts, as {@link TestHost#keepLogs}. */
  void keepLogs(String test) throws IOException {
    for (Map.Entry<String, TestHost> host : hosts.entrySet()) {
      host.getValue().keepLogs(test + "." + host.getKey());
    }
  }

  /** By which the cluster knows the guest. */
  String id() {
    return replica.id();
  }

  GuestSpec spec() {
    return Objects.requireNonNull(spec);
  }

  /** As the agent does it that is asked to protect a guest. */
  private void protect() throws Exception {
    HostPaths paths = host("a").paths();
    spec = GuestFiles.of(paths, GUEST).spec();
    replica = ReplicaSpec.of(GUEST, ThreadLocalRandom.current().nextLong(1, 1L << 32), 2, true);
    List<Long> sizes = new ArrayList<>();
    String root = spec.rootDisk();
    if (root != null) {
      sizes.add(Files.size(Path.of(root)));
    }
    for (GuestSpec.VolumeMount volume : spec.volumes()) {
      sizes.add(Files.size(paths.volumes().resolve(volume.volume() + ".img")));
    }
    // As who founds it: an agent that looks meanwhile takes back what it finds entered and not
    // here.
    try (ResetLock _ =
        Guest.await("nobody else founds")
            .until(() -> ResetLock.take(paths), Optional::isPresent)
            .orElseThrow()) {
      var _ =
          register.enter(
              GUEST,
              replica.id(),
              new GuestDefinition(GuestDefinition.VERSION, replica, spec, sizes).encode(),
              "a");
      prepareBackup("b");
      prepareBackup("c");
      replica.write(paths, GUEST);
    }
    GuardianClient.connect(paths, GUEST).freeze();
    awaitStatus("a", "leads", s -> s.replica() != null && s.replica().role().equals("primary"));
    begin("b");
    begin("c");
    awaitProtected("a");
  }

  /** As the agent of a host does it that finds itself assigned. */
  private void prepareBackup(String name) throws Exception {
    HostPaths paths = host(name).paths();
    GuestSpec own = spec();
    String tap = "tgr" + name + ThreadLocalRandom.current().nextInt(100_000);
    Command.run("ip", "tuntap", "add", "dev", tap, "mode", "tap");
    taps.add(tap);
    Command.run("ip", "link", "set", tap, "master", own.bridge(), "up");
    Files.createDirectories(paths.guest(GUEST));
    Files.createDirectories(paths.volumes());
    Files.createDirectories(paths.images());
    String root = own.rootDisk();
    GuestFiles files = GuestFiles.of(paths, GUEST);
    files.writeSpec(
        new GuestSpec(
            own.version(),
            own.name(),
            own.memoryBytes(),
            own.vcpus(),
            own.checkpointIntervalMillis(),
            own.hangTimeoutMillis(),
            own.protect(),
            own.fixedTimer(),
            own.engine(),
            own.machine(),
            own.accelerator(),
            bootFile(own.kernel(), paths),
            bootFile(own.initrd(), paths),
            own.kernelCommandLine(),
            root == null ? null : paths.guest(GUEST).resolve("root.img").toString(),
            own.volumes(),
            List.of(),
            own.address(),
            own.prefixLength(),
            own.gateway(),
            own.nameservers(),
            own.mac(),
            tap,
            own.bridge(),
            own.userId(),
            own.program(),
            own.createdAt(),
            own.scrubBytesPerSecond()));
    replica.founded().write(paths, GUEST);
    files.writeDesired(true);
  }

  /** A host's own copy: the first host's goes with its replica. */
  private static String bootFile(@Nullable String file, HostPaths paths) throws IOException {
    Path source = Path.of(Objects.requireNonNull(file));
    Path copy = paths.guest(GUEST).resolve(source.getFileName());
    // With its owner: the hypervisor reads it as a user of its own.
    Files.copy(source, copy, StandardCopyOption.COPY_ATTRIBUTES);
    return copy.toString();
  }

  /** Its agent comes up and starts what is to run there. */
  void begin(String name) throws IOException {
    io.tardigrade.process.AgentLauncher.ensureAny(host(name).paths(), line -> {});
  }

  Optional<GuestStatus> ask(String name) {
    try {
      return Optional.of(GuardianClient.connect(host(name).paths(), GUEST).status());
    } catch (IOException e) {
      return Optional.empty();
    }
  }

  GuestStatus awaitStatus(String name, String what, Predicate<GuestStatus> wanted) {
    return Guest.await(what + " on " + name)
        .until(() -> ask(name), s -> s.filter(wanted).isPresent())
        .orElseThrow();
  }

  /** Waits until a host leads the guest with two backups, each with a spare ready. */
  GuestStatus awaitProtected(String name) {
    GuestStatus led =
        awaitStatus(
            name,
            "protected 2/2",
            s -> s.replica() != null && s.replica().text().equals("2/2") && s.spareReady());
    for (String backup : Objects.requireNonNull(led.replica()).backups()) {
      awaitStatus(backup, "spare", GuestStatus::spareReady);
    }
    return led;
  }

  /** The host that leads the guest, other than this one. */
  String awaitLeaderBut(String not) {
    return awaitLeader("another host leads", not, s -> true);
  }

  /**
   * The host that leads the guest with two backups, each with a spare ready: whichever that is by
   * then, for a host that stands still for a quarter of a second is rightly taken for lost.
   */
  String awaitProtected() {
    return awaitLeader(
        "protected 2/2 anywhere",
        "",
        led -> {
          GuestStatus.Replica replica = Objects.requireNonNull(led.replica());
          return replica.text().equals("2/2")
              && led.spareReady()
              && replica.backups().stream()
                  .allMatch(backup -> ask(backup).filter(GuestStatus::spareReady).isPresent());
        });
  }

  private String awaitLeader(String what, String not, Predicate<GuestStatus> wanted) {
    return Guest.await(what)
        .until(
            () ->
                hosts.keySet().stream()
                    .filter(name -> !name.equals(not))
                    .filter(name ->
                        ask(name)
                            .filter(
                                s -> s.replica() != null && s.replica().role().equals("primary"))
                            .filter(wanted)
                            .isPresent())
                    .findAny(),
            Optional::isPresent)
        .orElseThrow();
  }

  /** All of a host is gone at once, as when it loses its power; its memory is kept. */
  void kill(String name) {
    for (int i = 0; i < 3; i++) {
      for (long pid : host(name).processes()) {
        try {
          Linux.kill(pid, Linux.SIGKILL);
        } catch (IOException e) {
          // It has ended with another.
        }
      }
    }
  }

  /** A replica may be half-made where its host is killed. */
  private static void sweepAsTheNextAgentWould(TestHost host) throws IOException {
    Path guests = Objects.requireNonNull(host.paths().guest(GUEST).getParent());
    if (!Files.isDirectory(guests)) {
      return;
    }
    try (var left = Files.newDirectoryStream(guests, ".*.tmp-*")) {
      for (Path folder : left) {
        TestHost.delete(folder);
      }
    }
  }

  @Override
  public void close() throws Exception {
    for (Coordination of : announced) {
      of.close();
    }
    Throwable failed = null;
    for (String name : hosts.keySet()) {
      kill(name);
    }
    for (TestHost host : hosts.values()) {
      ReplicaSpec.delete(host.paths(), GUEST);
    }
    // Deleting starts an agent, which would make the replica anew that is still assigned to it.
    register.forget(GUEST, replica.id());
    coordination.close();
    for (TestHost host : hosts.values().stream().toList().reversed()) {
      try {
        sweepAsTheNextAgentWould(host);
        host.close();
      } catch (Exception | AssertionError e) {
        failed = e;
      }
    }
    for (String tap : taps) {
      Command.run(List.of("ip", "link", "delete", tap), "", Duration.ofSeconds(10));
    }
    coordinator.close();
    if (failed instanceof Exception e) {
      throw e;
    }
    if (failed instanceof Error e) {
      throw e;
    }
  }
}
