package io.tardigrade.replication;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** A store that looks into no payload, with room for some bytes, all on the heap. */
public final class HeapStore implements MemberStore {
  static final long ROOM_BYTES = 256L << 10;
  private static final long UNITS = 64;

  public boolean whole;

  /** How much it has room for. */
  public long roomBytes = ROOM_BYTES;

  /** Has no room to bring its base up. */
  boolean stuck;

  boolean dropped;
  EpochId base = EpochId.NONE;
  final List<EpochId> tail = new ArrayList<>();

  /** Counts for the size of each epoch, beyond what it holds. */
  long extraBytes;

  private final Map<EpochId, List<ByteBuffer>> records = new HashMap<>();
  private List<ByteBuffer> staged = new ArrayList<>();
  private @Nullable EpochId stagedId;

  /** All payload that is kept. */
  long payloadBytes() {
    long sealed =
        records.values().stream()
            .flatMap(List::stream)
            .mapToLong(ByteBuffer::remaining)
            .reduce(0, Long::sum);
    return sealed + staged.stream().mapToLong(ByteBuffer::remaining).sum();
  }

  int records() {
    return records.size();
  }

  /** Puts an epoch there that was sealed before the member started. */
  void keep(EpochId id) {
    records.put(id, List.of(ByteBuffer.allocate(10)));
    tail.add(id);
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
    return base;
  }

  @Override
  public List<EpochId> tail() {
    return tail;
  }

  @Override
  public void stage(EpochId id, int part, ByteBuffer payload) throws StoreFullException {
    if (payloadBytes() + payload.remaining() > roomBytes) {
      throw new StoreFullException("no room for " + payload.remaining() + " bytes");
    }
    if (part == 0) {
      unstage();
      stagedId = id;
    }
    if (!id.equals(stagedId) || part != staged.size()) {
      throw new IllegalStateException("part " + part + " of " + id + " is staged out of order");
    }
    staged.add(payload);
  }

  @Override
  public void seal(EpochId id) {
    if (!id.equals(stagedId)) {
      throw new IllegalStateException(id + " is sealed, staged is " + stagedId);
    }
    records.put(id, staged);
    tail.add(id);
    unstage();
  }

  @Override
  public void unstage() {
    stagedId = null;
    staged = new ArrayList<>();
  }

  @Override
  public void commit(EpochId id) throws StoreFullException {
    if (stuck) {
      throw new StoreFullException("no room for the base");
    }
    while (tail.contains(id)) {
      base = tail.removeFirst();
    }
  }

  @Override
  public void truncateAfter(EpochId id) {
    while (!tail.isEmpty() && !tail.getLast().equals(id)) {
      records.remove(tail.removeLast());
    }
  }

  @Override
  public int parts(EpochId id) {
    return record(id).size();
  }

  @Override
  public long bytes(EpochId id) {
    return extraBytes + record(id).stream().mapToLong(ByteBuffer::remaining).sum();
  }

  @Override
  public ByteBuffer part(EpochId id, int part) {
    return record(id).get(part);
  }

  private List<ByteBuffer> record(EpochId id) {
    List<ByteBuffer> record = records.get(id);
    if (record == null) {
      throw new IllegalStateException("epoch " + id + " was forgotten");
    }
    return record;
  }

  @Override
  public void forget(EpochId id) {
    records.keySet().removeIf(kept -> kept.epoch() <= id.epoch() && !tail.contains(kept));
  }

  @Override
  public long units() {
    return UNITS;
  }

  @Override
  public int unitsAtOnce() {
    return 8;
  }

  @Override
  public ByteBuffer digests(long first, int count) {
    return ByteBuffer.allocate(count * DIGEST_BYTES);
  }

  @Override
  public ByteBuffer differing(long first, int count, ByteBuffer digests) {
    return ByteBuffer.allocate(count);
  }

  @Override
  public void startSync() {
    whole = false;
    tail.clear();
    records.clear();
    unstage();
  }

  @Override
  public void rebase(EpochId id) {
    base = id;
  }

  @Override
  public void place(ByteBuffer units) {}

  @Override
  public void finishSync() {
    whole = true;
  }

  @Override
  public void drop() {
    startSync();
    base = EpochId.NONE;
    dropped = true;
  }
}
