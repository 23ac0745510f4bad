package io.tardigrade.replication;

/**
 * Where the newest view of the guest is kept. Neither call waits; each is answered, if at all, by
 * {@link Member#onView} with the view that was stored when it was carried out. An answer that takes
 * longer than {@link Timeouts#ANSWER_NANOS_MAX} is never handed in. Changes made by others are
 * handed there too, as they are noticed.
 */
public interface Coordinator {
  /** Asks for the stored view, as new as that of any member of the service. */
  void read();

  /**
   * Stores {@code next} if the view stored has the number just below, in one step, durably. Carried
   * out once, twice or never, now or later.
   */
  void propose(View next);
}
