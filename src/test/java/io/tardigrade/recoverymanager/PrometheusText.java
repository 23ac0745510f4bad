package io.tardigrade.recoverymanager;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Reads Prometheus' text exposition format, version 0.0.4, more strictly than Prometheus does: HELP
 * and TYPE come once and before their series, which stand together, no series comes twice, and
 * every line ends with a newline.
 */
public final class PrometheusText {
  private static final String NAME = "[a-zA-Z_:][a-zA-Z0-9_:]*";
  private static final Pattern HELP = Pattern.compile("# HELP (" + NAME + ") (.+)");
  private static final Pattern TYPE = Pattern.compile("# TYPE (" + NAME + ") (gauge|counter)");
  private static final Pattern SERIES = Pattern.compile("(" + NAME + ")(?:\\{(.*)\\})? (\\S+)");
  private static final Pattern LABEL =
      Pattern.compile("([a-zA-Z_][a-zA-Z0-9_]*)=\"((?:[^\"\\\\\\n]|\\\\[\\\\\"n])*)\"(?:,|$)");

  private PrometheusText() {}

  /** Value by series, as {@code name{label="value"}} with labels in order. */
  public static Map<String, Double> parse(String text) {
    assertThat(text).endsWith("\n");
    Map<String, Double> series = new LinkedHashMap<>();
    Set<String> seen = new HashSet<>();
    String family = "";
    String type = "";
    String help = "";
    for (String line : text.substring(0, text.length() - 1).split("\n", -1)) {
      Matcher matcher = HELP.matcher(line);
      if (matcher.matches()) {
        help = matcher.group(1);
        assertThat(seen.add(help)).as("HELP of %s once", help).isTrue();
        continue;
      }
      matcher = TYPE.matcher(line);
      if (matcher.matches()) {
        family = matcher.group(1);
        type = matcher.group(2);
        assertThat(family).as("TYPE follows its HELP").isEqualTo(help);
        continue;
      }
      matcher = SERIES.matcher(line);
      assertThat(matcher.matches()).as("'%s' is a series", line).isTrue();
      assertThat(matcher.group(1)).as("series of %s stand together", family).isEqualTo(family);
      double value = number(matcher.group(3));
      if (type.equals("counter")) {
        assertThat(value).as(line).isNotNegative();
        assertThat(family).endsWith("_total");
      }
      String key = family + labels(matcher.group(2));
      assertThat(series.put(key, value)).as("%s comes once", key).isNull();
    }
    return series;
  }

  private static Map<String, String> labels(String text) {
    Map<String, String> labels = new TreeMap<>();
    if (text == null) {
      return labels;
    }
    Matcher label = LABEL.matcher(text);
    int end = 0;
    while (label.lookingAt()) {
      assertThat(labels.put(label.group(1), label.group(2))).as("label twice").isNull();
      end = label.end();
      label.region(end, text.length());
    }
    assertThat(end).as("labels of '%s' to their end", text).isEqualTo(text.length());
    return labels;
  }

  private static double number(String text) {
    return switch (text) {
      case "+Inf" -> Double.POSITIVE_INFINITY;
      case "-Inf" -> Double.NEGATIVE_INFINITY;
      case "NaN" -> Double.NaN;
      default -> Double.parseDouble(text);
    };
  }
}
