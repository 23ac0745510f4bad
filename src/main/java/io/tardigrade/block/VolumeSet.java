package io.tardigrade.block;

import java.io.Closeable;
import java.io.IOException;
import java.security.SecureRandom;
import java.util.List;

/**
 * The volumes of one guest, which change epochs together.
 *
 * <p>If any of them wrote in an epoch, all of them are prepared for it, so that after a loss of
 * power the guest can go to the least epoch prepared on each, and that epoch is at or after
 * everything ever committed. If none wrote, nothing need be prepared: the epoch before is the same.
 *
 * <p>Threads as for {@link Volume}.
 */
public final class VolumeSet implements Closeable {
  private final List<Volume> volumes;

  /** The newest epoch that has something to prepare, and how far that was done. */
  private volatile long newestWritten;

  private volatile long preparedTo;

  public VolumeSet(List<Volume> volumes) {
    this.volumes = List.copyOf(volumes);
  }

  public List<Volume> volumes() {
    return volumes;
  }

  /**
   * Starts counting epochs afresh, from {@code epoch}, when a guest is started and not resumed. Any
   * recovery must be done before. Durable when it returns.
   */
  public void begin(long epoch) throws IOException {
    long life = new SecureRandom().nextLong();
    for (Volume volume : volumes) {
      volume.begin(life, epoch);
    }
  }

  /** See {@link Volume#closeEpoch}; true where any volume is to be prepared. */
  public boolean closeEpoch(long epoch) {
    boolean any = false;
    for (Volume volume : volumes) {
      any |= volume.closeEpoch(epoch);
    }
    if (any) {
      newestWritten = epoch;
    }
    return any;
  }

  /** The newest epoch in which any of them wrote, since they were opened; 0 for none. */
  public long newestWritten() {
    return newestWritten;
  }

  /**
   * Makes {@code epoch} durable on all volumes, see {@link Volume#prepare}; nothing to do if none
   * wrote.
   */
  public void prepare(long epoch) throws IOException {
    if (newestWritten <= preparedTo) {
      return;
    }
    // All rollbacks first: otherwise one volume could be found with the epoch's first attempt and
    // another with its second, both whole.
    for (Volume volume : volumes) {
      volume.settleRollback();
    }
    for (Volume volume : volumes) {
      volume.prepare(epoch);
    }
    preparedTo = epoch;
  }

  /**
   * Applies {@code epoch} on all volumes, see {@link Volume#commit}. An error on one does not keep
   * the others from it; the first error is thrown, later ones suppressed in it.
   */
  public void commit(long epoch) throws IOException {
    IOException failed = null;
    for (Volume volume : volumes) {
      try {
        volume.commit(epoch);
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

  /** See {@link Volume#rollback}. */
  public void rollback() {
    volumes.forEach(Volume::rollback);
    newestWritten = 0;
    preparedTo = 0;
  }

  /**
   * The newest epoch that the guest's disks can go to after a loss of power: the least prepared on
   * each, or the newest that one of them is at already, because that was committed, and a volume
   * prepared for less has written nothing since. A volume that last served another guest, and has
   * nothing in its log, has no say.
   */
  public long lastPrepared() throws IOException {
    List<Volume> kin = kin();
    long prepared = kin.stream().mapToLong(Volume::lastPrepared).min().orElse(0);
    return kin.stream().mapToLong(Volume::baseEpoch).reduce(prepared, Math::max);
  }

  /**
   * Brings all volumes just opened to {@code epoch}, see {@link Volume#recoverTo}. A crash in here
   * is followed by doing it again.
   */
  public void recoverTo(long epoch) throws IOException {
    for (Volume volume : kin()) {
      volume.recoverTo(epoch);
    }
  }

  /**
   * The volumes whose epochs are counted together. A volume with an empty log may have come from
   * another guest, or {@link #begin} may have been cut short; its base file is whole and its epoch
   * means nothing here.
   */
  private List<Volume> kin() throws IOException {
    List<Long> lives =
        volumes.stream().filter(Volume::needsRecovery).map(Volume::life).distinct().toList();
    if (lives.size() > 1) {
      throw new IOException(
          "the volumes were left unrecovered by different guests; start each once with the volumes"
              + " it had");
    }
    if (!lives.isEmpty()) {
      return volumes.stream().filter(volume -> volume.life() == lives.getFirst()).toList();
    }
    boolean alike = volumes.stream().map(Volume::life).distinct().count() == 1;
    return alike ? volumes : List.of();
  }

  /** See {@link Volume#uncommittedBytes}; the sum. */
  public long uncommittedBytes() {
    return volumes.stream().mapToLong(Volume::uncommittedBytes).sum();
  }

  /** Closes all volumes; the first error is thrown. */
  @Override
  public void close() throws IOException {
    IOException failed = null;
    for (Volume volume : volumes) {
      try {
        volume.close();
      } catch (IOException e) {
        failed = failed == null ? e : failed;
      }
    }
    if (failed != null) {
      throw failed;
    }
  }
}
