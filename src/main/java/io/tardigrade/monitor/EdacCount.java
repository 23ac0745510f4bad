package io.tardigrade.monitor;

/**
 * Memory errors since boot as an EDAC driver counts them, of one module or controller.
 *
 * @param module its label, as the firmware or the driver names it
 */
public record EdacCount(String module, long corrected, long uncorrected) {
  private static final int LABEL_CHARS_MAX = 64;

  /**
   * From the text of three files of a module's folder below /sys/devices/system/edac/mc: {@code
   * dimm_label}, {@code dimm_ce_count}, {@code dimm_ue_count}. See the kernel's
   * Documentation/admin-guide/ras.rst.
   *
   * @param folder stands in for an empty label
   */
  public static EdacCount parse(
      String folder, String label, String correctedText, String uncorrectedText)
      throws UnreadableException {
    String name = label.replaceAll("\\p{Cntrl}", " ").strip();
    if (name.length() > LABEL_CHARS_MAX) {
      name = name.substring(0, LABEL_CHARS_MAX);
    }
    return new EdacCount(
        name.isEmpty() ? folder : name,
        Counter.parse(folder + " corrected errors", correctedText),
        Counter.parse(folder + " uncorrected errors", uncorrectedText));
  }
}
