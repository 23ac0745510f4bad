package io.tardigrade.cli;

import tools.jackson.databind.JsonNode;

/** Writes a JSON tree as YAML 1.2 in block style. Every string is quoted, as JSON quotes it. */
final class Yaml {
  private final StringBuilder text = new StringBuilder();

  private Yaml() {}

  static String write(JsonNode tree) {
    Yaml yaml = new Yaml();
    if (isLeaf(tree)) {
      yaml.text.append(tree).append('\n');
    } else {
      yaml.block(tree, "", "");
    }
    return yaml.text.toString();
  }

  private static boolean isLeaf(JsonNode node) {
    return !node.isContainer() || node.isEmpty();
  }

  /** Writes a container; its first line begins with {@code first}, the others with {@code rest}. */
  private void block(JsonNode node, String first, String rest) {
    String indent = first;
    if (node.isArray()) {
      for (JsonNode item : node) {
        if (isLeaf(item)) {
          text.append(indent).append("- ").append(item).append('\n');
        } else {
          block(item, indent + "- ", rest + "  ");
        }
        indent = rest;
      }
      return;
    }
    for (var entry : node.properties()) {
      text.append(indent).append(key(entry.getKey())).append(':');
      if (isLeaf(entry.getValue())) {
        text.append(' ').append(entry.getValue()).append('\n');
      } else {
        text.append('\n');
        block(entry.getValue(), rest + "  ", rest + "  ");
      }
      indent = rest;
    }
  }

  private static String key(String name) {
    return name.matches("[A-Za-z_][A-Za-z0-9_]*")
            && !name.matches("(?i)y|n|yes|no|on|off|true|false|null")
        ? name
        : io.tardigrade.guest.Json.line(name);
  }
}
