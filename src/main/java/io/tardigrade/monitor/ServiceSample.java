package io.tardigrade.monitor;

/**
 * One look at a service.
 *
 * @param pid 0 where there is no process
 * @param answeredMillis uptime at its last answer
 * @param latencyMillis how long that answer took
 * @param memoryBytes its own memory ({@link SmapsRollup#ownBytes}); 0 where unknown
 * @param budgetBytes what it should never need more than; 0 where there is no budget
 * @param detail for people, such as how it ended; may be empty
 */
public record ServiceSample(
    ServiceId id,
    State state,
    long pid,
    long answeredMillis,
    long latencyMillis,
    long memoryBytes,
    long budgetBytes,
    String detail) {
  /** What its process does. */
  public enum State {
    RUNNING,
    /** There is none. */
    ENDED,
    /** In an uninterruptible sleep, and was so at earlier looks: no signal reaches it. */
    STUCK
  }
}
