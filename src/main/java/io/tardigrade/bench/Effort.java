package io.tardigrade.bench;

/** How much is measured. */
record Effort(boolean quick) {
  /** Turns of each kind of guest. */
  int turns() {
    return quick ? 1 : 3;
  }

  /** Checkpoints per point of a curve. */
  int checkpoints() {
    return quick ? 100 : 500;
  }

  int pings() {
    return 2000;
  }

  double loadSeconds() {
    return quick ? 1.5 : 3;
  }

  /** Jobs of a computing guest, each on every kind of guest. */
  int jobs() {
    return quick ? 4 : 12;
  }

  double jobSeconds() {
    return quick ? 1 : 2;
  }

  /** Kills per cause; odd, so that one of them is the median. */
  int kills() {
    return quick ? 3 : 13;
  }

  int idleWindows() {
    return quick ? 1 : 3;
  }

  /** Checkpoints by other means. */
  int alternativeCheckpoints() {
    return quick ? 5 : 20;
  }
}
