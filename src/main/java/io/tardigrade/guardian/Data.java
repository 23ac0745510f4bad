package io.tardigrade.guardian;

import io.tardigrade.block.VolumeSet;
import io.tardigrade.checkpoint.CommittedImage;
import java.io.IOException;

/** The parts of the data plane that outlive a single hypervisor, as the guest's loop needs them. */
interface Data {
  CommittedImage image();

  VolumeSet volumes();

  Output output();

  Commits committer();

  Checkpointer checkpointer();

  Statistics statistics();

  SpareKeeper spares();

  /** Whether the guest runs with its output let out at once, because nothing can be committed. */
  boolean isUnprotected();

  /**
   * Notes durably that the committed image is no longer what clients have seen, and lets output
   * out.
   */
  void unprotect(String reason) throws IOException;

  /**
   * Whether checkpoints may be committed: not while the image that the guest was resumed from is
   * still being checked.
   *
   * @throws KeptException where that image is damaged
   */
  boolean mayCommit() throws IOException;

  /** As {@link #mayCommit}, and waits until it may. */
  void awaitChecked() throws IOException;

  /** The main thread is at work: a guardian in which it is not for long is taken to hang. */
  void turned();
}
