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

  /**
   * Whether base and tail are complete; false for one never filled, being synchronised, or left by
   * {@link #truncateAfter} with contents that there is no way back from.
   */
  boolean isWhole();

  /** The epoch of the base. */
  EpochId base();

  /**
   * The epoch that units are at: the base, or one in the tail to which whoever runs the guest here
   * has brought them. What is asked of units is answered as they are, not as they were at the base.
   */
  EpochId contents();

  /** Sealed epochs above the base, oldest first. */
  List<EpochId> tail();

  /**
   * Keeps a part of an epoch that is not sealed; part 0 throws away whatever else was staged.
   *
   * @throws StoreFullException with nothing kept of this part
   * @throws WireException where the payload is no part of an epoch of this guest; nothing is kept
   */
  void stage(EpochId id, int part, ByteBuffer payload) throws StoreFullException, WireException;

  /** Appends what is staged to the tail; survives whatever happens to the process after it. */
  void seal(EpochId id);

  /** Throws away what is staged. */
  void unstage();

  /**
   * Brings the base up to {@code id}, which is the base or in the tail, epoch by epoch. A crash
   * leaves either all or none of each.
   *
   * @throws StoreFullException the base came as far as there was room; may be tried again
   */
  void commit(EpochId id) throws StoreFullException;

  /**
   * Throws away the tail behind {@code id}, which is the base or in the tail. Where the {@link
   * #contents} are past it, it is not whole from now on.
   */
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

  /** Those units, as they are at {@link #contents}, whose digest is not the one given, or all. */
  ByteBuffer differing(long first, int count, ByteBuffer digests);

  /** Not whole from now on; the tail is thrown away, content stays to be compared. */
  void startSync();

  /** While synchronising: the base counts as this epoch. */
  void rebase(EpochId id);

  /**
   * While synchronising: overwrites units of the base.
   *
   * @throws WireException where these are no units of this guest; some may be in their place
   */
  void place(ByteBuffer units) throws StoreFullException, WireException;

  /**
   * Whole from now on.
   *
   * @throws StoreFullException it is not yet; may be tried again
   */
  void finishSync() throws StoreFullException;

  /** Throws away everything; not whole from now on. */
  void drop();
}
