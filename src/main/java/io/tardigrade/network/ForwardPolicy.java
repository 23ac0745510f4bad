package io.tardigrade.network;

import io.tardigrade.linux.Command;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * Hosts with Docker drop forwarded packets by default, and with br_netfilter even those between
 * ports of one bridge. No table of ours can overrule that: a packet must be accepted by every
 * table. So our bridge is let through where that default is set, by two rules in the chain meant
 * for it.
 */
final class ForwardPolicy {
  private static final Path LEGACY_TABLES = Path.of("/proc/net/ip_tables_names");

  private final String bridge;

  ForwardPolicy(String bridge) {
    this.bridge = bridge;
  }

  /** Whether the host's policy is one that {@link #open} deals with. */
  boolean opens() throws IOException {
    return inUse() && chains().contains("-P FORWARD DROP");
  }

  /** Lets packets from and to the bridge through, where the policy would drop them. */
  void open() throws IOException {
    if (!opens()) {
      return;
    }
    String chain = chains().contains("-N DOCKER-USER") ? "DOCKER-USER" : "FORWARD";
    for (List<String> rule : rules()) {
      if (!iptables("-C", chain, rule).ok()) {
        Command.Result added = iptables("-I", chain, rule);
        if (!added.ok()) {
          throw added.failure();
        }
      }
    }
  }

  /** Takes the rules away again, wherever they are. */
  void close() throws IOException {
    if (!inUse()) {
      return;
    }
    for (String chain : List.of("DOCKER-USER", "FORWARD")) {
      for (List<String> rule : rules()) {
        // Twice as many as anybody could have added; the first failure says that none is left.
        for (int i = 0; i < 4 && iptables("-D", chain, rule).ok(); i++) {}
      }
    }
  }

  private List<List<String>> rules() {
    return List.of(List.of("-i", bridge, "-j", "ACCEPT"), List.of("-o", bridge, "-j", "ACCEPT"));
  }

  /** Whether the tables of iptables exist; asking iptables itself would create them. */
  private static boolean inUse() throws IOException {
    boolean legacy =
        Files.exists(LEGACY_TABLES)
            && Files.readString(LEGACY_TABLES, StandardCharsets.US_ASCII).contains("filter");
    boolean present =
        legacy || Command.attempt("nft", "list", "chain", "ip", "filter", "FORWARD").ok();
    return present && installed();
  }

  private static boolean installed() {
    String path = System.getenv().getOrDefault("PATH", "/usr/sbin:/usr/bin:/sbin:/bin");
    for (String directory : path.split(":", -1)) {
      if (Files.isExecutable(Path.of(directory, "iptables"))) {
        return true;
      }
    }
    return false;
  }

  private static List<String> chains() throws IOException {
    return Command.run("iptables", "-w", "5", "-S").lines().toList();
  }

  private static Command.Result iptables(String verb, String chain, List<String> rule)
      throws IOException {
    List<String> argv = new ArrayList<>(List.of("iptables", "-w", "5", verb, chain));
    argv.addAll(rule);
    return Command.attempt(argv.toArray(String[]::new));
  }
}
