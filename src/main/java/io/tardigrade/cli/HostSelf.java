package io.tardigrade.cli;

import io.tardigrade.cluster.Joining;
import io.tardigrade.guest.UsageException;
import java.io.IOException;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.Locale;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** What {@code host init} and {@code host join} are told of this machine. */
final class HostSelf {
  private static final int PORT = 7420;

  @Option(
      names = "--name",
      paramLabel = "NAME",
      description = "What others call this host (default: its host name).")
  private @Nullable String name;

  @Option(
      names = "--zone",
      paramLabel = "ZONE",
      defaultValue = "",
      description = "What fails together with it, like a rack; backups go to other zones first.")
  private String zone = "";

  @Option(
      names = "--address",
      paramLabel = "ADDRESS",
      description = "Address that the other hosts reach it at (default: of the default route).")
  private @Nullable String address;

  @Option(
      names = "--port",
      paramLabel = "PORT",
      defaultValue = "" + PORT,
      description = "First of five ports that it uses there (default ${DEFAULT-VALUE}).")
  private int port = PORT;

  @Option(
      names = "--uplink",
      paramLabel = "IF",
      description =
          "Interface that connects the guests of all hosts (default: they are connected through"
              + " the hosts' addresses).")
  private @Nullable String uplink;

  Joining.Own own() throws IOException {
    return new Joining.Own(
        name == null ? hostName() : name,
        zone,
        address == null ? ownAddress() : address,
        port,
        uplink);
  }

  static String hostName() throws IOException {
    String full =
        java.nio.file.Files.readString(java.nio.file.Path.of("/proc/sys/kernel/hostname"));
    return full.strip().toLowerCase(Locale.ROOT).replaceAll("\\..*", "");
  }

  /** The address with which this machine would speak to others; nothing is sent for it. */
  private static String ownAddress() {
    try (DatagramSocket socket = new DatagramSocket()) {
      // TEST-NET-1 (RFC 5737) is behind the default route wherever there is one.
      socket.connect(new InetSocketAddress(InetAddress.ofLiteral("192.0.2.1"), 9));
      InetAddress own = socket.getLocalAddress();
      if (!own.isAnyLocalAddress() && !own.isLoopbackAddress()) {
        return own.getHostAddress();
      }
    } catch (IOException | java.io.UncheckedIOException e) {
      // There is no default route.
    }
    throw new UsageException(
        "this machine has no default route; say with --address where the other hosts reach it");
  }
}
