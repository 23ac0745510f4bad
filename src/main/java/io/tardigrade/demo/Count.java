package io.tardigrade.demo;

/**
 * What the answers to increments add up to. Every answer has to be one more than the one before:
 * less means that increments which were acknowledged are missing, more that some were done twice.
 */
final class Count {
  private long acknowledged;
  private long last;
  private long missing;
  private long repeated;

  /** Takes an answer into account. */
  void answer(long value) {
    if (value <= last) {
      missing += last + 1 - value;
    } else {
      repeated += value - last - 1;
    }
    last = value;
    acknowledged++;
  }

  /** Answers so far. */
  long acknowledged() {
    return acknowledged;
  }

  /** The newest answer. */
  long last() {
    return last;
  }

  /** Acknowledged increments that the server had forgotten. */
  long missing() {
    return missing;
  }

  /** Increments that the server did more than once. */
  long repeated() {
    return repeated;
  }
}
