package io.tardigrade.recovery;

import java.util.List;

/** The ladder's limits, and why they are as they are. Times are milliseconds. */
public final class Limits {
  private static final long MINUTE = 60_000;
  private static final long HOUR = 60 * MINUTE;

  /**
   * A reset costs every guest a blackout of seconds. What is back within an hour of one was not
   * healed by it, and another would not heal it either. After a reset in an earlier boot, this OS
   * itself must have run for so long.
   */
  public static final long RESET_INTERVAL_MILLIS = HOUR;

  /** A host that needs more resets a day has a fault that a person must find. */
  public static final int RESETS_PER_DAY_MAX = 3;

  /**
   * A reset takes seconds to a few minutes on real firmware. One whose end nobody has reported by
   * then counts as failed.
   */
  public static final long RESET_DURATION_MAX_MILLIS = 10 * MINUTE;

  /** A service that is no better after five starts is not made better by a sixth. */
  public static final int RECYCLES_MAX = 5;

  /** The window for {@link #RECYCLES_MAX}: afterwards it is tried once more, for causes pass. */
  public static final long RECYCLE_WINDOW_MILLIS = 10 * MINUTE;

  /**
   * The pause before each recycle of a service within the window: the first ones are urgent, for a
   * guest stands still and two failures may be chance; later ones give what it depends on time to
   * come back.
   */
  public static final List<Long> RECYCLE_PAUSES_MILLIS = List.of(0L, 500L, 2_000L, 15_000L, MINUTE);

  /** A service that leaks is recycled so often in a day; a faster leak needs a person. */
  public static final int LEAK_RECYCLES_PER_DAY_MAX = 6;

  /** After a recycle, for a leak to show that it goes on: longer than the shortest trend. */
  public static final long RECYCLE_SETTLE_MILLIS = 3 * MINUTE;

  /** A recycle that did not stop a leak is not repeated for the same leak for a week. */
  public static final long RECYCLE_MEMORY_MILLIS = 7 * 24 * HOUR;

  /** What was collected longer ago no longer shows the state that a reset destroys. */
  public static final long DIAGNOSIS_VALID_MILLIS = 30 * MINUTE;

  /**
   * A diagnosis that failed twice, on a full disk perhaps, will fail again, and must not keep a
   * failing host from being saved.
   */
  public static final int DIAGNOSES_MAX = 2;

  /** Without a reset ahead, the same trouble is collected once in so long: archives are large. */
  public static final long DIAGNOSIS_INTERVAL_MILLIS = 6 * HOUR;

  /** The same advice is repeated so often: a shift has changed meanwhile. */
  public static final long ADVICE_INTERVAL_MILLIS = 6 * HOUR;

  /** Services of so many guests that cannot be kept alive are the host's fault, not the guests'. */
  public static final int FAILING_GUESTS_OF_A_SICK_HOST = 2;

  /**
   * Guests that were asked to run on their backups are given so long to be seen there. A switchover
   * takes under a second, and who looks where guests run does so every ten.
   */
  public static final long SWITCHOVER_SETTLE_MILLIS = 30_000;

  /** A guest that did not go when it was asked twice does not go. */
  public static final int SWITCHOVERS_MAX = 2;

  /** How long a guest stands still for a switchover, where none of it was measured. */
  public static final long SWITCHOVER_ASSUMED_MILLIS = 500;

  /** How long guests stand still for a reset of their host, where none was measured. */
  public static final long RESET_ASSUMED_MILLIS = 30_000;

  static final long DAY_MILLIS = 24 * HOUR;

  private Limits() {}
}
