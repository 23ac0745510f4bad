package io.tardigrade.bench;

import io.tardigrade.guest.UsageException;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.stream.Collectors;

/** Parts of a benchmark, each a group of rows, as they are typed and printed. */
public final class Parts {
  private Parts() {}

  /** Its name in small letters. */
  public static String text(Enum<?> part) {
    return part.name().toLowerCase(Locale.ROOT);
  }

  /**
   * Those that are typed; all where none is.
   *
   * @throws UsageException where there is no part of such a name
   */
  public static <P extends Enum<P>> Set<P> chosen(Class<P> parts, List<String> typed) {
    if (typed.isEmpty()) {
      return EnumSet.allOf(parts);
    }
    EnumSet<P> chosen = EnumSet.noneOf(parts);
    for (String name : typed) {
      chosen.add(
          Arrays.stream(parts.getEnumConstants())
              .filter(part -> text(part).equals(name))
              .findAny()
              .orElseThrow(() -> unknown(parts, name)));
    }
    return chosen;
  }

  private static UsageException unknown(Class<? extends Enum<?>> parts, String name) {
    return new UsageException(
        "there is no part '"
            + name
            + "' of this measure; there are "
            + Arrays.stream(parts.getEnumConstants())
                .map(Parts::text)
                .collect(Collectors.joining(", ")));
  }
}
