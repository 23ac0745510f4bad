package io.tardigrade.bench;

import java.io.IOException;

/** One group of measurements. */
interface Measure {
  /** For {@code --only}. */
  String name();

  /** Takes it; what was found before it fails stays found. */
  void take(Workbench bench, Effort effort, Findings findings)
      throws IOException, InterruptedException;
}
