package io.tardigrade.bench;

/** What a guest does while it is counted what is sent for it. */
enum WireLoad {
  REDIS("redis, SET of random values to random keys"),
  COMPILER("cc1 -O2, one file after the other");

  private final String text;

  WireLoad(String text) {
    this.text = text;
  }

  String text() {
    return text;
  }
}
