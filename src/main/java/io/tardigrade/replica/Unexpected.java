package io.tardigrade.replica;

import java.io.IOException;
import java.io.UncheckedIOException;

/** What should not fail, and after whose failure nothing more can be promised. */
final class Unexpected {
  private Unexpected() {}

  interface Action {
    void run() throws IOException;
  }

  static void act(Action action) {
    try {
      action.run();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
