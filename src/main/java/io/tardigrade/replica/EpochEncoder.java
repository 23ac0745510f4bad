package io.tardigrade.replica;

import io.tardigrade.checkpoint.Staging;
import io.tardigrade.replication.PageCodec;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;

/**
 * Puts an epoch captured here into parts. Units are told as what changed since the epoch before,
 * which whoever reads them holds, where it is known here what they were then: the contents are of
 * an earlier epoch, so that is where no epoch between the two changed them. Not for several
 * threads.
 */
final class EpochEncoder implements AutoCloseable {
  private final UnitMap map;
  private final PartWriter writer = new PartWriter();
  private final byte[] unitBytes = new byte[PageCodec.UNIT_BYTES];
  private final byte[] beforeBytes = new byte[PageCodec.UNIT_BYTES];

  EpochEncoder(UnitMap map) {
    this.map = map;
  }

  /**
   * Encodes.
   *
   * @param above epochs between the contents and this one, all captured here
   * @param pages takes those that change
   */
  void encode(
      Contents there, List<Tail.Epoch> above, Captured captured, BitSet pages, PartWriter.Parts to)
      throws IOException {
    Captured last = above.isEmpty() ? null : above.getLast().captured;
    writer.begin(to);
    pages(there, above, captured.staging(), pages);
    state(last == null ? there.state() : last.state(), captured.state());
    long after = last == null ? there.number() : last.staging().epoch();
    for (int disk = 0; disk < map.diskBytes().size(); disk++) {
      there
          .volumes()
          .volumes()
          .get(disk)
          .changes(after, captured.staging().epoch(), writer.disk(disk));
    }
    writer.end();
  }

  private void pages(Contents there, List<Tail.Epoch> above, Staging staging, BitSet pages)
      throws IOException {
    BitSet unsettled = new BitSet();
    above.forEach(epoch -> unsettled.or(epoch.pages));
    for (int i = 0; i < staging.pageCount(); i++) {
      long page = staging.pageNumber(i);
      pages.set((int) page);
      MemorySegment.ofArray(unitBytes).copyFrom(staging.pages(i, 1));
      boolean settled = !unsettled.get((int) page);
      if (settled) {
        there.read(page, beforeBytes);
      }
      add(page, settled);
    }
  }

  private void state(StateSpace before, StateSpace now) throws IOException {
    int units = Math.max(before.unitsUsed(), now.unitsUsed());
    for (int i = 0; i < units; i++) {
      before.read(i, beforeBytes);
      now.read(i, unitBytes);
      add(map.firstState() + i, true);
    }
  }

  private void add(long unit, boolean settled) throws IOException {
    if (!settled) {
      writer.unit(unit, null, unitBytes);
    } else if (!Arrays.equals(beforeBytes, unitBytes)) {
      writer.unit(unit, beforeBytes, unitBytes);
    }
  }

  @Override
  public void close() {
    writer.close();
  }
}
