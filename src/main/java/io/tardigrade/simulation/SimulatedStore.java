package io.tardigrade.simulation;

import io.tardigrade.replication.EpochId;
import io.tardigrade.replication.MemberStore;
import io.tardigrade.replication.StoreFullException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What a host holds, a number per unit. Each call happens whole or not at all; what is sealed
 * outlives a crash of the host unless its memory is lost with it, what is staged does not. May be
 * full for a while.
 */
final class SimulatedStore implements MemberStore {
  private static final int ENTRY_BYTES = 12;
  private static final int UNITS_AT_ONCE = 2;

  private final String host;
  private final Observer observer;
  private final long[] content;
  private final List<EpochId> tail = new ArrayList<>();
  private final Map<EpochId, List<ByteBuffer>> records = new LinkedHashMap<>();
  private EpochId base = EpochId.NONE;
  private EpochId contents = EpochId.NONE;
  private boolean whole;
  private boolean blank = true;
  private boolean full;
  private @Nullable EpochId staged;
  private List<ByteBuffer> stagedParts = new ArrayList<>();

  SimulatedStore(String host, int units, Observer observer) {
    this.host = host;
    this.content = new long[units];
    this.observer = observer;
  }

  /** Holds a guest that was never run. */
  void initialise() {
    whole = true;
    blank = false;
  }

  void setFull(boolean isFull) {
    full = isFull;
  }

  /** The host stops; with {@code lost} its memory is gone. */
  void crash(boolean lost) {
    unstage();
    if (lost) {
      drop();
    } else {
      // Parts that only a primary still kept for others are not found again.
      records.keySet().retainAll(tail);
    }
  }

  /** Content with the tail up to {@code id} over it. */
  long[] contentAt(EpochId id) {
    long[] at = content.clone();
    tail.subList(tail.indexOf(contents) + 1, tail.indexOf(id) + 1)
        .forEach(above -> parts0(above).forEach(part -> put(part, at)));
    return at;
  }

  /** The guest is to run here from {@code id}: there is no way back for the contents. */
  void bringTo(EpochId id) {
    long[] at = contentAt(id);
    System.arraycopy(at, 0, content, 0, at.length);
    contents = id;
  }

  EpochId newest() {
    return tail.isEmpty() ? base : tail.getLast();
  }

  /** Epochs of which anything is kept. */
  int records() {
    return records.size();
  }

  private static void put(ByteBuffer units, long[] into) {
    ByteBuffer in = units.duplicate();
    while (in.remaining() >= ENTRY_BYTES) {
      int unit = in.getInt();
      into[unit] = in.getLong();
    }
  }

  static ByteBuffer changes(int[] units, int from, int to, long[] content) {
    ByteBuffer out = ByteBuffer.allocate((to - from) * ENTRY_BYTES);
    for (int i = from; i < to; i++) {
      out.putInt(units[i]).putLong(content[units[i]]);
    }
    return out.flip();
  }

  private List<ByteBuffer> parts0(EpochId id) {
    List<ByteBuffer> parts = records.get(id);
    if (parts == null) {
      throw new ViolationException(host + " is asked for epoch " + id + ", which it forgot");
    }
    return parts;
  }

  @Override
  public boolean isWhole() {
    return whole;
  }

  @Override
  public EpochId base() {
    return base;
  }

  @Override
  public EpochId contents() {
    return contents;
  }

  @Override
  public List<EpochId> tail() {
    return tail;
  }

  @Override
  public void stage(EpochId id, int part, ByteBuffer payload) throws StoreFullException {
    if (full) {
      throw new StoreFullException("no space on " + host);
    }
    if (part == 0) {
      unstage();
      staged = id;
    }
    if (!id.equals(staged) || part != stagedParts.size()) {
      throw new ViolationException(host + " stages part " + part + " of " + id + " out of order");
    }
    stagedParts.add(payload);
  }

  @Override
  public void seal(EpochId id) {
    if (!id.equals(staged)) {
      throw new ViolationException(host + " seals " + id + ", staged is " + staged);
    }
    records.put(id, stagedParts);
    tail.add(id);
    staged = null;
    stagedParts = new ArrayList<>();
    observer.storeChanged(host, this);
  }

  @Override
  public void unstage() {
    staged = null;
    stagedParts = new ArrayList<>();
  }

  @Override
  public void commit(EpochId id) {
    while (tail.contains(id)) {
      if (contents.equals(base)) {
        bringTo(tail.getFirst());
      }
      base = tail.removeFirst();
    }
    observer.storeChanged(host, this);
    if (whole) {
      observer.checkContent(host, contents, content);
    }
  }

  @Override
  public void truncateAfter(EpochId id) {
    while (!tail.isEmpty() && !tail.getLast().equals(id)) {
      EpochId gone = tail.removeLast();
      if (gone.equals(contents)) {
        whole = false;
        observer.gaveUp(host);
      }
      records.remove(gone);
    }
    observer.storeChanged(host, this);
  }

  @Override
  public int parts(EpochId id) {
    return parts0(id).size();
  }

  @Override
  public long bytes(EpochId id) {
    return parts0(id).stream().mapToLong(ByteBuffer::remaining).sum();
  }

  @Override
  public ByteBuffer part(EpochId id, int part) {
    return parts0(id).get(part);
  }

  @Override
  public void forget(EpochId id) {
    records.keySet().removeIf(kept -> kept.epoch() <= id.epoch() && !tail.contains(kept));
  }

  @Override
  public long units() {
    return content.length;
  }

  @Override
  public int unitsAtOnce() {
    return UNITS_AT_ONCE;
  }

  @Override
  public ByteBuffer digests(long first, int count) {
    ByteBuffer out = ByteBuffer.allocate(blank ? 0 : count * DIGEST_BYTES);
    for (int i = 0; i < count && !blank; i++) {
      out.putLong(content[(int) first + i]).putLong(0);
    }
    return out.flip();
  }

  @Override
  public ByteBuffer differing(long first, int count, ByteBuffer digests) {
    int[] units = new int[count];
    int found = 0;
    for (int i = 0; i < count; i++) {
      int unit = (int) first + i;
      if (!digests.hasRemaining()
          || digests.getLong(digests.position() + i * DIGEST_BYTES) != content[unit]) {
        units[found++] = unit;
      }
    }
    return changes(units, 0, found, content);
  }

  @Override
  public void startSync() {
    whole = false;
    tail.clear();
    records.clear();
    unstage();
    observer.storeChanged(host, this);
  }

  @Override
  public void rebase(EpochId id) {
    base = id;
    contents = id;
  }

  @Override
  public void place(ByteBuffer units) throws StoreFullException {
    if (full) {
      throw new StoreFullException("no space on " + host);
    }
    put(units, content);
    blank = false;
  }

  @Override
  public void finishSync() {
    whole = true;
    observer.checkContent(host, base, content);
    observer.storeChanged(host, this);
  }

  @Override
  public void drop() {
    startSync();
    base = EpochId.NONE;
    contents = EpochId.NONE;
    java.util.Arrays.fill(content, 0);
    blank = true;
  }
}
