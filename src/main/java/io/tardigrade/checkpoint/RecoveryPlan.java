package io.tardigrade.checkpoint;

import io.tardigrade.checkpoint.RedoRecord.Header;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What to do with the records found in an image: a pure decision.
 *
 * @param toApply records that are committed and not all in RAM, oldest first
 * @param committed the record of the newest committed epoch, null where the guest is to boot cold
 * @param committedEpoch that epoch
 */
record RecoveryPlan(List<Header> toApply, @Nullable Header committed, long committedEpoch) {
  /**
   * Decides.
   *
   * @param incarnation the current one; records of earlier ones were given up by a reset
   * @param coldEpoch the epoch at which it boots cold
   * @param appliedEpoch the newest epoch whose pages are all in RAM, of whatever incarnation
   */
  static RecoveryPlan of(long incarnation, long coldEpoch, long appliedEpoch, List<Header> sealed)
      throws ImageException {
    long imageEpoch = Math.max(coldEpoch, appliedEpoch);
    if (sealed.stream().anyMatch(header -> header.incarnation() > incarnation)) {
      throw ImageException.damaged("redo", "a record is of a later incarnation than the image");
    }
    List<Header> current =
        sealed.stream()
            .filter(header -> header.incarnation() == incarnation)
            .sorted(Comparator.comparingLong(Header::epoch))
            .toList();
    List<Header> toApply = new ArrayList<>();
    Header committed = null;
    long committedEpoch = imageEpoch;
    for (Header header : current) {
      if (header.epoch() > imageEpoch) {
        if (header.base() != committedEpoch) {
          throw ImageException.damaged(
              "redo",
              "epoch " + header.epoch() + " follows " + header.base() + ", not " + committedEpoch);
        }
        toApply.add(header);
        committedEpoch = header.epoch();
      }
      committed = header;
    }
    if (committed == null ? imageEpoch > coldEpoch : committed.epoch() != committedEpoch) {
      throw ImageException.damaged("redo", "no device state of epoch " + committedEpoch);
    }
    return new RecoveryPlan(List.copyOf(toApply), committed, committedEpoch);
  }
}
