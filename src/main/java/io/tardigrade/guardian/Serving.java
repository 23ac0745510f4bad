package io.tardigrade.guardian;

import java.io.IOException;

/** What the guardian's process is told at the turns of its guest's life. Main thread. */
interface Serving {
  /** The guest runs; nothing of it is committed yet. */
  void begins() throws IOException;

  /**
   * The guest has powered off, and all it said and wrote before its last checkpoint is committed.
   *
   * @throws IOException where it is not to end here
   */
  void ends() throws IOException;

  /** The guest stands still, nothing of it leaves any more: the process is to end at once. */
  void frozen();
}
