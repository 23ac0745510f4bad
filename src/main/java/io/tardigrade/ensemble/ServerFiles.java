package io.tardigrade.ensemble;

import io.tardigrade.cluster.ClusterConfig;
import io.tardigrade.guest.Json;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * Files of this host's server, below {@code STATE/cluster}:
 *
 * <pre>
 *   zookeeper.log
 *   zookeeper/lock              held by the server; its process id, newline
 *   zookeeper/zoo.cfg           ZooKeeper's settings; it adds the name of the file beside it that
 *   zookeeper/zoo.cfg.dynamic…  holds the ensemble as it knows it
 *   zookeeper/data/             what is stored
 * </pre>
 */
final class ServerFiles {
  /** ZooKeeper's unit of time: a leader is heard of twice in it. */
  static final int TICK_MILLIS = 100;

  /**
   * Ticks after which a silent leader is left, or a silent server no longer counted: 600 ms. One
   * that was only slow costs an election, in which guests go on.
   */
  static final int SYNC_TICKS = 6;

  /** Ticks that a server may take to join, with all that is stored. */
  static final int INIT_TICKS = 100;

  private final Path cluster;
  private final Path folder;

  ServerFiles(Path cluster) {
    this.cluster = cluster;
    this.folder = cluster.resolve("zookeeper");
  }

  Path log() {
    return cluster.resolve("zookeeper.log");
  }

  Path settings() {
    return folder.resolve("zoo.cfg");
  }

  private Path data() {
    return folder.resolve("data");
  }

  private Path lock() {
    return folder.resolve("lock");
  }

  boolean exist() {
    return Files.exists(settings());
  }

  /**
   * Makes what a server begins with.
   *
   * @param known the servers that there are, and this one
   */
  void make(ClusterConfig config, List<Server> known) throws IOException {
    delete();
    Files.createDirectories(data());
    Json.writeText(data().resolve("myid"), config.number() + "\n");
    StringBuilder ensemble = new StringBuilder();
    known.forEach(server -> ensemble.append(server.text()).append('\n'));
    Path dynamic = folder.resolve("zoo.cfg.dynamic");
    Json.writeText(dynamic, ensemble.toString());
    Json.writeText(
        settings(),
        """
        dataDir=%s
        dynamicConfigFile=%s
        secureClientPort=%d
        secureClientPortAddress=%s
        tickTime=%d
        initLimit=%d
        syncLimit=%d
        minSessionTimeout=1000
        maxSessionTimeout=10000
        maxClientCnxns=512
        reconfigEnabled=true
        standaloneEnabled=false
        sslQuorum=true
        autopurge.purgeInterval=1
        autopurge.snapRetainCount=3
        """
            .formatted(
                data(),
                dynamic,
                Server.of(config).clientPort(),
                Server.bracketed(config.address()),
                TICK_MILLIS,
                INIT_TICKS,
                SYNC_TICKS));
  }

  /** Takes away all that a server that has ended leaves. */
  void delete() throws IOException {
    if (!Files.exists(folder)) {
      return;
    }
    // Without settings it is none, whatever becomes of the rest.
    Files.deleteIfExists(settings());
    try (Stream<Path> all = Files.walk(folder)) {
      for (Path file : all.sorted(java.util.Comparator.reverseOrder()).toList()) {
        Files.deleteIfExists(file);
      }
    }
  }

  /** The lock of the one server; empty where another process has it. */
  Optional<AutoCloseable> tryLock() throws IOException {
    FileChannel channel =
        FileChannel.open(lock(), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
    boolean taken = false;
    try {
      taken = channel.tryLock() != null;
      if (taken) {
        channel.truncate(0);
        int _ =
            channel.write(
                ByteBuffer.wrap(
                    (ProcessHandle.current().pid() + "\n").getBytes(StandardCharsets.US_ASCII)));
      }
    } finally {
      if (!taken) {
        channel.close();
      }
    }
    return taken ? Optional.of(channel) : Optional.empty();
  }

  /** Whether a server holds the lock. */
  boolean locked() throws IOException {
    if (!Files.exists(lock())) {
      return false;
    }
    try (FileChannel channel = FileChannel.open(lock(), StandardOpenOption.WRITE)) {
      return channel.tryLock() == null;
    }
  }

  /** The process that holds the lock, or did. */
  Optional<ProcessHandle> process() throws IOException {
    try {
      long pid = Long.parseLong(Files.readString(lock()).strip());
      return ProcessHandle.of(pid);
    } catch (NoSuchFileException | NumberFormatException e) {
      return Optional.empty();
    }
  }
}
