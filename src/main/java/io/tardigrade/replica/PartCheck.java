package io.tardigrade.replica;

import io.tardigrade.replication.WireException;
import java.nio.ByteBuffer;
import java.util.BitSet;

/**
 * Looks through the parts of one epoch before anything depends on them: whether all they change is
 * there, and no page is changed twice. Keeps which pages they change.
 */
final class PartCheck implements PartSink {
  private final UnitMap map;
  private final BitSet earlier;
  private final BitSet pages = new BitSet();

  /**
   * @param earlier pages that parts before change
   */
  PartCheck(UnitMap map, BitSet earlier) {
    this.map = map;
    this.earlier = earlier;
  }

  /** The pages that were changed, without those of parts before. */
  BitSet pages() {
    return pages;
  }

  @Override
  public void read(long unit, byte[] into) throws WireException {
    // Whatever is in it: that it is a delta is all that is looked at.
    check(unit);
  }

  @Override
  public void write(long unit, byte[] bytes) throws WireException {
    check(unit);
    if (map.isPage(unit)) {
      if (earlier.get((int) unit) || pages.get((int) unit)) {
        throw new WireException("page " + unit + " twice in an epoch");
      }
      pages.set((int) unit);
    }
  }

  private void check(long unit) throws WireException {
    if (!map.isPage(unit) && !map.isState(unit)) {
      throw new WireException(
          "unit " + unit + " in an epoch, expected is one of " + map.ramPages() + " pages");
    }
  }

  @Override
  public void written(int disk, long offset, ByteBuffer content) throws WireException {
    zeroed(disk, offset, content.remaining(), false);
  }

  @Override
  public void zeroed(int disk, long offset, long bytes, boolean trimmed) throws WireException {
    if (!map.hasRange(disk, offset, bytes)) {
      throw new WireException(
          bytes + " bytes at " + offset + " of disk " + disk + ", disks are " + map.diskBytes());
    }
  }
}
