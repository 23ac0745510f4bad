package io.tardigrade.bench;

import java.util.List;

/** How a guest is run. */
enum Mode {
  UNPROTECTED,
  PROTECTED,
  FIXED_TIMER;

  /** Those of {@code run}. */
  List<String> options() {
    return switch (this) {
      case UNPROTECTED -> List.of("--unprotected");
      case PROTECTED -> List.of();
      case FIXED_TIMER -> List.of("--fixed-timer", "--checkpoint-interval", "25ms");
    };
  }
}
