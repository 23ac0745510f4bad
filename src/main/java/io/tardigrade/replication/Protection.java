package io.tardigrade.replication;

/**
 * What the next failure would cost, as {@code list} shows it.
 *
 * @param backups in the view
 * @param wanted asked for
 * @param syncPercent how far the foremost host being synchronised is, -1 where none is
 * @param lack why no more hosts are being synchronised, or empty
 */
public record Protection(int backups, int wanted, int syncPercent, String lack) {
  /** Of a guest without backups, nor any asked for. */
  public static final Protection NONE = new Protection(0, 0, -1, "");

  /** As in {@code 2/2}, {@code 1/2 syncing 43 %}, {@code none: no host with 1 GiB free}. */
  public String text() {
    if (wanted == 0 && backups == 0) {
      return "none";
    }
    String count = backups + "/" + wanted;
    if (backups >= wanted) {
      return count;
    }
    if (syncPercent >= 0) {
      return count + " syncing " + syncPercent + " %";
    }
    if (lack.isEmpty()) {
      return count;
    }
    return (backups == 0 ? "none" : count) + ": " + lack;
  }
}
