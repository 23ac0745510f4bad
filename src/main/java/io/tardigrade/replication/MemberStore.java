package io.tardigrade.replication;

import java.nio.ByteBuffer;
import java.util.List;

/**
 * What one host holds of a guest: its memory, devices and disks at a committed epoch (the base),
 * and above it sealed epochs in order (the tail). Outlives the process.
 *
 * <p>Content is counted in <i>units</i> (a page of memory, a block of a disk). Calls are made by
 * the member's one thread.
 */
public interface MemberStore {
  /** Bytes of a unit's digest: 128 bits of a strong hash, for equal digests are never compared. */
  int DIGEST_BYTES = 16;

  /** Whether base and tail are complete; false for one never filled or being synchronised. */
  boolean isWhole();

  /** The epoch of the base. */
  EpochId base();

  /** Sealed epochs above the base, oldest first. */
  List<EpochId> tail();

  /**
   * Keeps a part of an epoch that is not sealed; part 0 throws away whatever else was staged.
   *
   * @throws StoreFullException with nothing changed
   */
  void stage(EpochId id, int part, ByteBuffer payload) throws StoreFullException;

  /** Appends what is staged to the tail; survives whatever happens to the process after it. */
  void seal(EpochId id);

  /** Throws away what is staged. */
  void unstage();

  /** Brings the base up to {@code id}, which is in the tail. A crash leaves either all or none. */
  void commit(EpochId id);

  /** Throws away the tail behind {@code id}, which is the base or in the tail. */
  void truncateAfter(EpochId id);

  /** How many parts a sealed epoch has that was not {@link #forget forgotten}. */
  int parts(EpochId id);

  /** Its size in bytes, for bounds. */
  long bytes(EpochId id);

  /** One of its parts. */
  ByteBuffer part(EpochId id, int part);

  /** No part of this epoch or one before it, if committed, is asked for again. */
  void forget(EpochId id);

  /** How many units there are. */
  long units();

  /** How many units one message of a synchronisation may ask for, and carry. */
  int unitsAtOnce();

  /** Digests of what is kept of these units; empty where nothing is. */
  ByteBuffer digests(long first, int count);

  /** Those units of the base whose digest is not the one given, or all. */
  ByteBuffer differing(long first, int count, ByteBuffer digests);

  /** Not whole from now on; the tail is thrown away, content stays to be compared. */
  void startSync();

  /** While synchronising: the base counts as this epoch. */
  void rebase(EpochId id);

  /** While synchronising: overwrites units of the base. */
  void place(ByteBuffer units) throws StoreFullException;

  /** Whole from now on. */
  void finishSync();

  /** Throws away everything; not whole from now on. */
  void drop();
}
