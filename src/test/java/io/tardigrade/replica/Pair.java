package io.tardigrade.replica;

import static org.assertj.core.api.Assertions.assertThat;

import io.tardigrade.checkpoint.CommittedImage;
import io.tardigrade.replication.EpochId;
import io.tardigrade.replication.StoreFullException;
import io.tardigrade.replication.WireException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.Random;
import java.util.stream.Stream;

/** A store on which the guest runs, one that follows it, and what both should hold. */
final class Pair implements AutoCloseable {
  static final long LIFE = 77;

  final Map<EpochId, Snapshot> snapshots = new HashMap<>();
  final ReplicaFiles primaryFiles;
  final ReplicaFiles backupFiles;
  final Random random;
  ReplicaStore primary;
  ReplicaStore backup;
  TestGuest guest;
  long reign = 1;

  private Runnable primaryStep = () -> {};
  private Runnable backupStep = () -> {};

  Pair(Path folder, long seed) throws IOException {
    this(folder, seed, true);
  }

  /**
   * Opens both.
   *
   * @param founds whether the guest was never run
   */
  Pair(Path folder, long seed, boolean founds) throws IOException {
    random = new Random(seed);
    primaryFiles = TestGuest.files(Files.createDirectories(folder.resolve("p")));
    backupFiles = TestGuest.files(Files.createDirectories(folder.resolve("b")));
    primary =
        founds
            ? ReplicaStore.found(primaryFiles, LIFE, () -> primaryStep.run())
            : ReplicaStore.open(primaryFiles, LIFE, () -> primaryStep.run());
    backup = ReplicaStore.open(backupFiles, LIFE, () -> backupStep.run());
    guest = TestGuest.run(primary, random);
    snapshots.put(primary.contents(), guest.now());
  }

  /** Ships what the primary has sealed and the backup does not have. */
  void catchUp() throws StoreFullException, WireException {
    for (EpochId id : primary.tail()) {
      if (!backup.base().equals(id) && !backup.tail().contains(id) && follows(id)) {
        ship(id);
      }
    }
  }

  private boolean follows(EpochId id) {
    return id.epoch() > backup.newest().epoch();
  }

  /** Commits all that is sealed, on both. */
  void settle() throws StoreFullException {
    EpochId id = backup.newest();
    primary.commit(id);
    backup.commit(id);
    primary.forget(id);
    backup.forget(id);
  }

  /** These are called between any two changes of the stores' files. */
  void watch(Runnable ofPrimary, Runnable ofBackup) {
    primaryStep = ofPrimary;
    backupStep = ofBackup;
  }

  /** Runs the guest until its next epoch, and seals that. */
  EpochId epoch() throws IOException, StoreFullException {
    guest.work();
    return capture();
  }

  /** Captures and seals what the guest did. */
  EpochId capture() throws IOException, StoreFullException {
    EpochId id = new EpochId(reign, primary.newest().epoch() + 1);
    Snapshot taken = guest.capture(id);
    assertThat(taken).as("a slot").isNotNull();
    if (taken != null) {
      snapshots.put(id, taken);
    }
    primary.seal(id);
    return id;
  }

  /** Captures, ships, seals and commits on both. */
  EpochId commit() throws IOException, StoreFullException, WireException {
    EpochId id = epoch();
    ship(id);
    primary.commit(id);
    backup.commit(id);
    primary.forget(id);
    backup.forget(id);
    return id;
  }

  /** Captures and commits on the primary, which is alone. */
  EpochId commitAlone() throws IOException, StoreFullException {
    EpochId id = epoch();
    primary.commit(id);
    primary.forget(id);
    return id;
  }

  void ship(EpochId id) throws StoreFullException, WireException {
    for (int part = 0; part < primary.parts(id); part++) {
      backup.stage(id, part, primary.part(id, part));
    }
    backup.seal(id);
  }

  /** One answer of a synchronisation; returns the unit behind it. */
  long syncSome(long from) throws StoreFullException, WireException {
    int count = (int) Math.min(backup.unitsAtOnce(), backup.units() - from);
    ByteBuffer digests = backup.digests(from, count);
    backup.place(primary.differing(from, count, digests));
    if (from == 0) {
      backup.rebase(primary.contents());
    }
    return from + count;
  }

  /** Synchronises the backup while nothing is captured. */
  void sync() throws StoreFullException, WireException {
    backup.startSync();
    for (long unit = 0; unit < backup.units(); ) {
      unit = syncSome(unit);
    }
    backup.finishSync();
  }

  void check(ReplicaStore store, String what) throws IOException {
    Snapshot expected = snapshots.get(store.contents());
    assertThat(expected).as("%s: epoch %s was captured", what, store.contents()).isNotNull();
    if (expected != null) {
      expected.check(Snapshot.of(store), what + ", epoch " + store.contents());
    }
  }

  /** The process of the backup ends and another one goes on. */
  void restartBackup() throws IOException {
    backup.close();
    backup = ReplicaStore.open(backupFiles, LIFE, () -> backupStep.run());
  }

  /** The process of the primary ends, and its hypervisor with it; the guest goes on there. */
  void restartPrimary() throws IOException, StoreFullException {
    primary.close();
    primary = ReplicaStore.open(primaryFiles, LIFE, () -> primaryStep.run());
    primary.bringToNewest();
    guest = TestGuest.run(primary, random);
    reign++;
  }

  /** The host of the primary is without power for a while: of the guest its disks are left. */
  void losePrimaryMemory() throws IOException {
    primary.close();
    CommittedImage.delete(primaryFiles.image());
    try (Stream<Path> files = Files.list(primaryFiles.folder())) {
      for (Path file : files.toList()) {
        Files.delete(file);
      }
    }
    primary = ReplicaStore.open(primaryFiles, LIFE, () -> primaryStep.run());
  }

  /** The guest boots from the disks of its primary. */
  void foundFromDisks() throws IOException {
    primary.foundFromDisks();
    guest = TestGuest.run(primary, random);
    snapshots.put(primary.contents(), guest.now());
    reign++;
  }

  @Override
  public void close() throws IOException {
    primary.close();
    backup.close();
  }
}
