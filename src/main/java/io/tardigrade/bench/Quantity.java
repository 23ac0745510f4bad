package io.tardigrade.bench;

import io.tardigrade.guest.Quantities;
import java.util.Locale;

/** What a number measures; values are in base units. */
public enum Quantity {
  SECONDS {
    @Override
    String text(double value) {
      return Math.abs(value) < 1
          ? String.format(Locale.ROOT, "%.2f ms", value * 1000)
          : String.format(Locale.ROOT, "%.3f s", value);
    }
  },
  PER_SECOND {
    @Override
    String text(double value) {
      return String.format(Locale.ROOT, value < 100 ? "%.1f/s" : "%.0f/s", value);
    }
  },
  RATIO {
    @Override
    String text(double value) {
      return String.format(Locale.ROOT, "%.3f", value);
    }
  },
  BYTES {
    @Override
    String text(double value) {
      return value < 0 ? "-" + text(-value) : Quantities.bytes(Math.round(value));
    }
  },
  /** Shares of one core. */
  CORES {
    @Override
    String text(double value) {
      return String.format(Locale.ROOT, "%.2f %%", value * 100);
    }
  },
  COUNT {
    @Override
    String text(double value) {
      return String.format(Locale.ROOT, "%.0f", value);
    }
  };

  /** For people. Rounded: nothing is decided by it. */
  abstract String text(double value);
}
