package io.tardigrade.monitor;

/**
 * What /proc/PID/smaps_rollup says, in bytes; see proc_pid_smaps(5).
 *
 * @param ownBytes memory that would be free if the process ended: anonymous pages, in RAM and
 *     swapped out. Files it maps, guest RAM images among them, belong to others.
 */
public record SmapsRollup(long ownBytes, long residentBytes) {
  /** Reads the text of /proc/PID/smaps_rollup. */
  public static SmapsRollup parse(String text) throws UnreadableException {
    Kilobytes table = Kilobytes.parse("smaps_rollup", text);
    return new SmapsRollup(
        table.required("Anonymous") + table.orZero("Swap"), table.required("Rss"));
  }
}
