package io.tardigrade.replica;

import io.tardigrade.replication.EpochId;
import io.tardigrade.replication.WireException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Sealed epochs above the base, oldest first, and those below it that others may still need; each a
 * {@link TailFile} in one folder. The one being staged too.
 *
 * <p>What is thrown away is so from the newest on: whatever is left is without gaps.
 */
final class Tail {
  /** An epoch, and the pages that it changes. */
  static final class Epoch {
    final TailFile file;
    final BitSet pages = new BitSet();

    /** Of the guest that runs here: not to be read back. */
    @Nullable Captured captured;

    Epoch(TailFile file) {
      this.file = file;
    }

    EpochId id() {
      return file.id();
    }
  }

  private final Path folder;
  private final long life;
  private final ByteBuffer scratch = ByteBuffer.allocateDirect(TailFile.SCRATCH_BYTES);
  private final List<Epoch> epochs = new ArrayList<>();
  private final Map<EpochId, Epoch> known = new LinkedHashMap<>();
  private @Nullable Epoch staged;

  Tail(Path folder, long life) {
    this.folder = folder;
    this.life = life;
  }

  List<Epoch> epochs() {
    return epochs;
  }

  List<EpochId> ids() {
    return epochs.stream().map(Epoch::id).toList();
  }

  /** Its place among the epochs above the base, or -1. */
  int indexOf(EpochId id) {
    for (int i = 0; i < epochs.size(); i++) {
      if (epochs.get(i).id().equals(id)) {
        return i;
      }
    }
    return -1;
  }

  Epoch known(EpochId id) {
    Epoch epoch = known.get(id);
    if (epoch == null) {
      throw new IllegalStateException("epoch " + id + " is not kept here any more");
    }
    return epoch;
  }

  @Nullable Epoch staged() {
    return staged;
  }

  Epoch stage(EpochId id) throws IOException {
    unstage();
    Epoch begun = new Epoch(TailFile.stage(folder, life, id, scratch));
    staged = begun;
    return begun;
  }

  void unstage() throws IOException {
    staged = null;
    Files.deleteIfExists(folder.resolve(TailFile.STAGED));
  }

  void seal(Epoch epoch, EpochId parent, Runnable step) throws IOException {
    epoch.file.complete(parent);
    step.run();
    epoch.file.publish();
    staged = null;
    epochs.add(epoch);
    known.put(epoch.id(), epoch);
  }

  /** The oldest one is part of the base from now on. */
  void fold() {
    epochs.removeFirst();
  }

  /** Throws away the newest one. */
  Epoch removeLast() throws IOException {
    Epoch gone = epochs.removeLast();
    known.remove(gone.id());
    gone.file.delete();
    return gone;
  }

  /** Throws away what is folded, up to an epoch. */
  void forget(EpochId id) throws IOException {
    for (Epoch epoch : List.copyOf(known.values())) {
      if (epoch.id().epoch() <= id.epoch() && !epochs.contains(epoch)) {
        known.remove(epoch.id());
        epoch.file.delete();
      }
    }
  }

  /** Throws away all. */
  void clear() throws IOException {
    unstage();
    while (!epochs.isEmpty()) {
      var _ = removeLast();
    }
    for (Epoch epoch : known.values()) {
      epoch.file.delete();
    }
    known.clear();
    for (Path left : files()) {
      Files.deleteIfExists(left);
    }
  }

  private List<Path> files() throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      return files
          .filter(file -> String.valueOf(file.getFileName()).startsWith(TailFile.PREFIX))
          .toList();
    }
  }

  /**
   * Finds what is above the base after the process was started again, and looks through all of it.
   *
   * @throws IOException where a file is damaged or one is missing; it names which
   */
  void find(EpochId base, UnitMap map) throws IOException {
    unstage();
    Map<EpochId, TailFile> byParent = new LinkedHashMap<>();
    for (Path path : files()) {
      TailFile file = TailFile.open(path, life, scratch);
      if (file.id().epoch() <= base.epoch()) {
        file.delete();
      } else if (byParent.put(file.parent(), file) != null) {
        throw file.damaged("two epochs follow " + file.parent());
      }
    }
    TailFile next = byParent.remove(base);
    while (next != null) {
      Epoch epoch = new Epoch(next);
      check(epoch, map);
      epochs.add(epoch);
      known.put(epoch.id(), epoch);
      next = byParent.remove(epoch.id());
    }
    for (TailFile left : byParent.values()) {
      throw left.damaged("epoch " + left.parent() + ", which it follows, is missing");
    }
  }

  private static void check(Epoch epoch, UnitMap map) throws IOException {
    try (PartReader reader = new PartReader()) {
      for (int i = 0; i < epoch.file.parts(); i++) {
        PartCheck check = new PartCheck(map, epoch.pages);
        reader.read(epoch.file.part(i), check);
        epoch.pages.or(check.pages());
      }
    } catch (WireException e) {
      throw epoch.file.damaged(String.valueOf(e.getMessage()));
    }
  }

  /** Hands all of an epoch to a sink. */
  static void read(Epoch epoch, PartReader reader, PartSink sink)
      throws IOException, WireException {
    for (int i = 0; i < epoch.file.parts(); i++) {
      reader.read(epoch.file.part(i), sink);
    }
  }

  /** One of an epoch's parts. */
  static ByteBuffer part(Epoch epoch, int part) throws IOException {
    return epoch.file.part(part);
  }
}
