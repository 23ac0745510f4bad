package io.tardigrade.cli;

import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Model.ArgSpec;
import picocli.CommandLine.Model.OptionSpec;

/** Options that are not given come from {@code TARDIGRADE_*}, and only then from their defaults. */
final class EnvironmentDefaults implements CommandLine.IDefaultValueProvider {
  /** Those that mean the same for every command. */
  static final Set<String> OPTIONS =
      Set.of(
          "--state",
          "--host",
          "--debug",
          "--output",
          "--memory",
          "--vcpus",
          "--checkpoint-interval",
          "--hang-timeout",
          "--scrub-rate");

  private final Map<String, String> environment;

  EnvironmentDefaults(Map<String, String> environment) {
    this.environment = environment;
  }

  @Override
  public @Nullable String defaultValue(ArgSpec argument) {
    if (argument instanceof OptionSpec option && OPTIONS.contains(option.longestName())) {
      String name =
          "TARDIGRADE_"
              + option.longestName().substring(2).replace('-', '_').toUpperCase(Locale.ROOT);
      @Nullable String value = environment.get(name);
      return value == null || value.isBlank() ? null : value;
    }
    return null;
  }
}
