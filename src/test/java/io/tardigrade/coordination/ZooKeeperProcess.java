package io.tardigrade.coordination;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Path;
import java.util.List;

/** A ZooKeeper server in a process of its own, to be killed, stopped and started again. */
public final class ZooKeeperProcess implements AutoCloseable {
  private static final int TICK_MILLIS = 500;

  private final Path folder;
  private final int port;
  private Process process;

  public ZooKeeperProcess(Path folder) throws IOException {
    this.folder = folder;
    try (ServerSocket free = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      port = free.getLocalPort();
    }
    process = launch();
  }

  private Process launch() throws IOException {
    List<String> command =
        List.of(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "-Xmx96m",
            "-XX:TieredStopAtLevel=1",
            "-Dzookeeper.admin.enableServer=false",
            "-Dzookeeper.jmx.log4j.disable=true",
            "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",
            "-cp",
            System.getProperty("java.class.path"),
            "org.apache.zookeeper.server.ZooKeeperServerMain",
            String.valueOf(port),
            folder.resolve("data").toString(),
            String.valueOf(TICK_MILLIS));
    return new ProcessBuilder(command)
        .redirectErrorStream(true)
        .redirectOutput(ProcessBuilder.Redirect.appendTo(folder.resolve("log").toFile()))
        .start();
  }

  String address() {
    return "127.0.0.1:" + port;
  }

  public int port() {
    return port;
  }

  public void start() throws IOException {
    process = launch();
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
