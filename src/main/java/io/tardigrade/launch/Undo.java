package io.tardigrade.launch;

import java.io.Closeable;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.Deque;

/** What has been made so far, to be taken away in reverse unless {@link #keep} is called. */
final class Undo implements Closeable {
  private final Deque<Step> steps = new ArrayDeque<>();

  /** One thing to take away. */
  interface Step {
    void run() throws IOException;
  }

  void add(Step step) {
    steps.push(step);
  }

  void keep() {
    steps.clear();
  }

  /** Runs every step, also after one failed; the first failure is thrown. */
  @Override
  public void close() throws IOException {
    IOException failed = null;
    while (!steps.isEmpty()) {
      try {
        steps.pop().run();
      } catch (IOException e) {
        if (failed == null) {
          failed = e;
        } else {
          failed.addSuppressed(e);
        }
      }
    }
    if (failed != null) {
      throw failed;
    }
  }
}
