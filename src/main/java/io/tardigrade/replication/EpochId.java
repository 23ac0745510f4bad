package io.tardigrade.replication;

/**
 * One captured epoch among all that any host ever captured of a guest. A reign captures an epoch
 * once at most and never goes back, so two logs that hold the same id hold the same up to it.
 *
 * @param reign the view in which the primary that captured it began to lead, see {@link View}
 * @param epoch its number; grows along a log, across reigns too
 */
public record EpochId(long reign, long epoch) {
  /** Before the first epoch. */
  public static final EpochId NONE = new EpochId(0, 0);

  /** Checks both numbers. */
  public EpochId {
    if (reign < 0 || epoch < 0) {
      throw new IllegalArgumentException(
          "epoch " + reign + "." + epoch + ", expected none below 0");
    }
  }

  @Override
  public String toString() {
    return reign + "." + epoch;
  }
}
