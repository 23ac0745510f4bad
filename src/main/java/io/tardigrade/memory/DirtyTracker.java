package io.tardigrade.memory;

import java.io.Closeable;
import java.io.IOException;

/**
 * Finds the pages of a hypervisor's guest RAM that were written. One tracker serves one hypervisor
 * process, one thread at a time.
 */
public interface DirtyTracker extends Closeable {
  /**
   * How it works, as shown to users: {@code userfaultfd}, {@code soft-dirty} or {@code compare}.
   */
  String engine();

  /**
   * Adds the pages written since the last call to {@code written} and forgets them. The first call
   * reports all pages that differ from the committed image or may do so. The guest must be paused.
   *
   * <p>May report pages that were not written; never misses one. A process that has died meanwhile
   * can look like one that wrote nothing: the caller must see the hypervisor alive afterwards
   * before it believes the answer.
   */
  void collect(PageRanges written) throws IOException;

  @Override
  void close();
}
