package io.tardigrade.network;

import io.tardigrade.linux.Command;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import tools.jackson.core.JacksonException;

/** Brings an installation's nftables table to where it should be, always in one transaction. */
final class Nft {
  private static final Duration TIMEOUT = Duration.ofSeconds(10);

  private final Installation installation;
  private final boolean routed;
  private final String uplinkTable;

  /**
   * That of an installation.
   *
   * @param uplinkTable text of a table of family bridge that goes with it, empty for none
   */
  Nft(Installation installation, boolean routed, String uplinkTable) {
    this.installation = installation;
    this.routed = routed;
    this.uplinkTable = uplinkTable;
  }

  /**
   * Makes the table hold exactly the rules and published ports of {@code state}; does nothing where
   * it does.
   *
   * @return the state, with the rules' fingerprint as it is now
   */
  NetworkState ensure(NetworkState state) throws IOException {
    List<NftTable.Element> wanted = NftTable.wanted(state);
    if (!state.rules().isEmpty() && state.rules().equals(fingerprint())) {
      apply(NftTable.difference(installation, present(), wanted));
      return state;
    }
    // In one transaction, so no packet sees a gap.
    apply(
        fresh("ip")
            + NftTable.create(installation, state.network(), routed)
            + (uplinkTable.isEmpty() ? "" : fresh("bridge") + uplinkTable)
            + NftTable.difference(installation, List.of(), wanted));
    return state.withRules(fingerprint());
  }

  /** Removes published ports that {@code state} no longer has, where there is a table. */
  void shrink(NetworkState state) throws IOException {
    List<NftTable.Element> present = present();
    List<NftTable.Element> wanted = NftTable.wanted(state);
    apply(
        NftTable.difference(
            installation, present, wanted.stream().filter(present::contains).toList()));
  }

  /**
   * What nft prints of the table but for the maps' elements, hashed; empty where there is no table.
   * It prints otherwise than it was told, so it is compared with what it printed before.
   */
  private String fingerprint() throws IOException {
    Command.Result listed =
        Command.attempt("nft", "-s", "-t", "list", "table", "ip", installation.table());
    if (!listed.ok()) {
      return "";
    }
    String all = installation.table() + listed.stdout();
    if (!uplinkTable.isEmpty()) {
      Command.Result bridge = listBridge();
      if (!bridge.ok()) {
        return "";
      }
      all += uplinkTable + bridge.stdout();
    }
    byte[] text = all.getBytes(StandardCharsets.UTF_8);
    try {
      return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(text));
    } catch (NoSuchAlgorithmException e) {
      throw new AssertionError("every JDK has SHA-256", e);
    }
  }

  private List<NftTable.Element> present() throws IOException {
    return all().getOrDefault(installation.table(), List.of());
  }

  /** Ports published by other installations of this host. */
  Map<String, List<NftTable.Element>> foreign() throws IOException {
    Map<String, List<NftTable.Element>> others = new TreeMap<>(all());
    others.remove(installation.table());
    return others;
  }

  private Map<String, List<NftTable.Element>> all() throws IOException {
    try {
      return NftTable.parseMaps(Command.run("nft", "-j", "list", "maps", "ip"));
    } catch (JacksonException | IllegalArgumentException e) {
      throw new IOException("'nft -j list maps' printed what is not understood", e);
    }
  }

  List<String> refusingChains() throws IOException {
    return NftTable.refusingChains(Command.run("nft", "-j", "list", "chains"), installation);
  }

  boolean othersForward() throws IOException {
    return NftTable.othersForward(
        Command.run("nft", "-j", "list", "chains"), java.util.Set.of(installation.table()));
  }

  void remove() throws IOException {
    apply(fresh("ip"));
    // Not every kernel knows the family; where it was not needed, it is not asked for.
    if (listBridge().ok()) {
      apply(fresh("bridge"));
    }
  }

  private Command.Result listBridge() throws IOException {
    return Command.attempt("nft", "-s", "-t", "list", "table", "bridge", installation.table());
  }

  /** Removes a table, where there is one: "add" first, so that "delete" finds it. */
  private String fresh(String family) {
    return "add table %1$s %2$s\ndelete table %1$s %2$s\n".formatted(family, installation.table());
  }

  private static void apply(String commands) throws IOException {
    if (!commands.isEmpty()) {
      Command.run(List.of("nft", "-f", "-"), commands, TIMEOUT);
    }
  }
}
