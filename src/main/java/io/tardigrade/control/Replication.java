package io.tardigrade.control;

import java.io.IOException;
import java.util.Optional;
import java.util.function.Consumer;

/** What a host of a cluster does about guests that are kept on several hosts. Any thread. */
public interface Replication {
  /**
   * Does what is asked of a guest that may run on any host of the cluster; returns when it is done.
   *
   * @param progress is told, in a few words, what takes time
   * @throws io.tardigrade.launch.RefusedException where that cannot be; the guest goes on as it was
   */
  void replicate(String guest, ReplicationRequest request, Consumer<String> progress)
      throws IOException, InterruptedException;

  /** The host that runs a guest, as the cluster knows it; empty where it knows no such guest. */
  Optional<String> runsOn(String guest) throws IOException;

  /** Takes away a replica that this host keeps of a guest that the cluster does not know. */
  void giveUp(String guest) throws IOException;
}
