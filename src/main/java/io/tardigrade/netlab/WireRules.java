package io.tardigrade.netlab;

import io.tardigrade.netlab.LabState.Quality;
import io.tardigrade.netlab.LabState.Way;
import io.tardigrade.network.Subnet;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * What the kernel is told for the links to be as a lab's state says: pure text.
 *
 * <p>All cables end in one namespace, the wire, in two bridges, {@code cluster} and {@code guests}.
 * Host n's are its ports {@code cN} and {@code uN}, this machine's {@code c0} and {@code u0}. What
 * comes in at {@code cA} for host B is dropped there where the way is cut or a frame is to be lost,
 * else sent through the delay line {@code dAB} → {@code eAB} where there is a delay; what goes out
 * at {@code cB} and came from A waits there in a class of its own where the rate is limited. So
 * nothing that is done to one way touches another, nor the way back.
 */
final class WireRules {
  /** A class may send so much at once: some frames as large as they come from a virtual cable. */
  private static final int BURST_BYTES = 131_072;

  private static final int ALL_MILLIONTHS = 1_000_000;

  private WireRules() {}

  /** A delay line that has to run. */
  record DelayLine(int from, int to, long nanos) {
    String in() {
      return "d" + from + to;
    }

    String out() {
      return "e" + from + to;
    }
  }

  static List<DelayLine> delayLines(LabState state) {
    return state.links().stream()
        .filter(link -> link.delayNanos() > 0)
        .map(link ->
            new DelayLine(
                LabState.number(link.way().from()),
                LabState.number(link.way().to()),
                link.delayNanos()))
        .toList();
  }

  /** Replaces the whole table of nftables, in one transaction. */
  static String table(LabState state) {
    StringBuilder text = new StringBuilder("add table netdev lab\ndelete table netdev lab\n");
    text.append("table netdev lab {\n");
    for (String host : state.names()) {
      if (!state.isOff(host)) {
        text.append(chain(state, host));
      }
    }
    return text.append("}\n").toString();
  }

  private static String chain(LabState state, String from) {
    int number = LabState.number(from);
    StringBuilder text =
        new StringBuilder(
            "  chain c%1$d {\n    type filter hook ingress device \"c%1$d\" priority 0; policy accept;\n"
                .formatted(number));
    for (String to : state.names()) {
      Way way = new Way(from, to);
      String address = address(state, LabState.number(to));
      if (state.cuts().contains(way)) {
        // Not the look-up of hardware addresses: without it nothing would pass the other way.
        text.append("    ip daddr %s drop\n".formatted(address));
        continue;
      }
      state.link(way).ifPresent(link -> quality(text, link, address));
    }
    return text.append("  }\n").toString();
  }

  private static void quality(StringBuilder text, Quality link, String address) {
    if (link.lossMillionths() == ALL_MILLIONTHS) {
      text.append("    ip daddr %s drop\n".formatted(address));
    } else if (link.lossMillionths() > 0) {
      text.append(
          "    ip daddr %s numgen random mod 1000000 < %d drop\n"
              .formatted(address, link.lossMillionths()));
    }
    if (link.delayNanos() > 0) {
      text.append(
          "    ip daddr %s fwd to \"d%d%d\"\n"
              .formatted(
                  address, LabState.number(link.way().from()), LabState.number(link.way().to())));
    }
  }

  /** Commands of {@code tc} that limit the rates of all ways to a host whose queue is not there. */
  static List<String> rates(LabState state, String to) {
    List<Quality> limited =
        state.links().stream()
            .filter(link -> link.way().to().equals(to) && link.bitsPerSecond() > 0)
            .toList();
    if (limited.isEmpty()) {
      return List.of();
    }
    String port = "c" + LabState.number(to);
    List<String> commands = new ArrayList<>();
    commands.add("qdisc add dev %s root handle 1: htb".formatted(port));
    for (Quality link : limited) {
      int from = LabState.number(link.way().from());
      commands.add(
          "class add dev %s parent 1: classid 1:%d htb rate %dbit burst %d cburst %d quantum 60000"
              .formatted(port, from, link.bitsPerSecond(), BURST_BYTES, BURST_BYTES));
      commands.add(
          "filter add dev %s parent 1: protocol ip prio 1 u32 match ip src %s/32 flowid 1:%d"
              .formatted(port, address(state, from), from));
    }
    return commands;
  }

  static String address(LabState state, int number) {
    return Subnet.parse(state.clusterNetwork()).at(number).toString();
  }

  /** How a way is, for people. */
  static String describe(Quality link) {
    List<String> words = new ArrayList<>();
    if (link.delayNanos() > 0) {
      words.add(String.format(Locale.ROOT, "delay %.3f ms", link.delayNanos() / 1e6));
    }
    if (link.lossMillionths() > 0) {
      words.add(String.format(Locale.ROOT, "loss %.4f %%", link.lossMillionths() / 1e4));
    }
    if (link.bitsPerSecond() > 0) {
      words.add(String.format(Locale.ROOT, "rate %.3f Mbit/s", link.bitsPerSecond() / 1e6));
    }
    return String.join(", ", words);
  }
}
