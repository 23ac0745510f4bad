package io.tardigrade.cli;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import picocli.CommandLine;

/** What somebody who mistyped a command or an option may have meant. */
final class Nearest {
  private static final int SHOWN_MAX = 2;

  private Nearest() {}

  /** The nearest commands or options of {@code line}; empty where nothing is near. */
  static List<String> of(String given, CommandLine line) {
    List<String> known = new ArrayList<>();
    if (given.startsWith("-")) {
      line.getCommandSpec().options().stream()
          .filter(option -> !option.hidden())
          .forEach(option -> known.addAll(List.of(option.names())));
    } else {
      line.getSubcommands()
          .forEach((name, sub) -> {
            if (!sub.getCommandSpec().usageMessage().hidden()) {
              known.add(name);
            }
          });
    }
    return of(given, known);
  }

  static List<String> of(String given, List<String> known) {
    String word = given.toLowerCase(Locale.ROOT).replaceFirst("=.*", "");
    int limit = Math.max(1, word.length() / 3);
    int least = known.stream().mapToInt(name -> distance(word, name)).min().orElse(limit + 1);
    return known.stream()
        .filter(name -> least <= limit && distance(word, name) == least)
        .limit(SHOWN_MAX)
        .toList();
  }

  /** Letters to insert, delete, exchange or swap with a neighbour. */
  static int distance(String a, String b) {
    int[][] cost = new int[a.length() + 1][b.length() + 1];
    for (int i = 0; i <= a.length(); i++) {
      for (int j = 0; j <= b.length(); j++) {
        if (i == 0 || j == 0) {
          cost[i][j] = i + j;
          continue;
        }
        int same = a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1;
        cost[i][j] =
            Math.min(Math.min(cost[i - 1][j], cost[i][j - 1]) + 1, cost[i - 1][j - 1] + same);
        if (i > 1
            && j > 1
            && a.charAt(i - 1) == b.charAt(j - 2)
            && a.charAt(i - 2) == b.charAt(j - 1)) {
          cost[i][j] = Math.min(cost[i][j], cost[i - 2][j - 2] + 1);
        }
      }
    }
    return cost[a.length()][b.length()];
  }
}
