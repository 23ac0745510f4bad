package io.tardigrade.coordination;

import io.tardigrade.linux.Command;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** A ZooKeeper server in a process of its own, to be killed, stopped and started again. */
public final class ZooKeeperProcess implements AutoCloseable {
  private static final int TICK_MILLIS = 500;

  private final Path folder;
  private final int port;
  private final @Nullable Path tls;
  private Map<String, String> environment = Map.of();
  private Process process;

  public ZooKeeperProcess(Path folder) throws IOException {
    this(folder, null);
  }

  /** One that speaks TLS with the keys in {@code tls}, where that is not null. */
  public ZooKeeperProcess(Path folder, @Nullable Path tls) throws IOException {
    this.folder = folder;
    this.tls = tls;
    try (ServerSocket free = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      port = free.getLocalPort();
    }
    process = launch();
  }

  private List<String> arguments() throws IOException {
    if (tls == null) {
      return List.of(
          "org.apache.zookeeper.server.ZooKeeperServerMain",
          String.valueOf(port),
          folder.resolve("data").toString(),
          String.valueOf(TICK_MILLIS));
    }
    Path file = folder.resolve("zoo.cfg");
    Files.writeString(
        file,
        "dataDir=%s\ntickTime=%d\nsecureClientPort=%d\nsecureClientPortAddress=127.0.0.1\n"
                .formatted(folder.resolve("data"), TICK_MILLIS, port)
            + "serverCnxnFactory=org.apache.zookeeper.server.NettyServerCnxnFactory\n"
            + "ssl.keyStore.location=%s\nssl.keyStore.type=PEM\n".formatted(tls.resolve("host.pem"))
            + "ssl.trustStore.location=%s\nssl.trustStore.type=PEM\n"
                .formatted(tls.resolve("authority.crt"))
            + "ssl.protocol=TLSv1.3\nssl.enabledProtocols=TLSv1.3\nssl.hostnameVerification=false\n"
            + "ssl.clientHostnameVerification=false\n");
    return List.of("org.apache.zookeeper.server.ZooKeeperServerMain", file.toString());
  }

  private Process launch() throws IOException {
    List<String> command =
        new ArrayList<>(
            List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx96m",
                "-XX:TieredStopAtLevel=1",
                "-Dzookeeper.admin.enableServer=false",
                "-Dzookeeper.jmx.log4j.disable=true",
                "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",
                "-cp",
                System.getProperty("java.class.path")));
    command.addAll(arguments());
    ProcessBuilder builder =
        new ProcessBuilder(command)
            .redirectErrorStream(true)
            .redirectOutput(ProcessBuilder.Redirect.appendTo(folder.resolve("log").toFile()));
    builder.environment().putAll(environment);
    return builder.start();
  }

  public String address() {
    return "127.0.0.1:" + port;
  }

  public int port() {
    return port;
  }

  public void start() throws IOException {
    process = launch();
  }

  /** Starts it again with a clock that is wrong by so much, for it alone. */
  void startAgainAt(Duration offset) throws Exception {
    Path source = Path.of("src/test/resources/io/tardigrade/coordination/wrong-clock.c");
    Path shim = folder.resolve("wrong-clock.so");
    Command.run("gcc", "-O1", "-shared", "-fPIC", "-o", shim.toString(), source.toString());
    environment =
        Map.of("LD_PRELOAD", shim.toString(), "CLOCK_OFFSET_SECONDS", "" + offset.toSeconds());
    kill();
    start();
  }

  public void kill() throws InterruptedException {
    process.destroyForcibly().waitFor();
  }

  void standStill() throws Exception {
    signal("STOP");
  }

  void goOn() throws Exception {
    signal("CONT");
  }

  private void signal(String name) throws Exception {
    new ProcessBuilder("kill", "-" + name, String.valueOf(process.pid())).start().waitFor();
  }

  @Override
  public void close() {
    process.destroyForcibly().onExit().join();
  }
}
