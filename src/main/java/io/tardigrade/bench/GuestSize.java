package io.tardigrade.bench;

/** Guest RAM sizes that are compared. */
enum GuestSize {
  SMALL("128M", "128 MiB", 128L << 20),
  MEDIUM("1G", "1 GiB", 1L << 30),
  LARGE("4G", "4 GiB", 4L << 30);

  private final String option;
  private final String text;
  private final long bytes;

  GuestSize(String option, String text, long bytes) {
    this.option = option;
    this.text = text;
    this.bytes = bytes;
  }

  /** As {@code run} takes it. */
  String option() {
    return option;
  }

  String text() {
    return text;
  }

  long bytes() {
    return bytes;
  }
}
