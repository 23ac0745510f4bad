package io.tardigrade.guardian;

import static org.assertj.core.api.Assertions.assertThat;

import io.tardigrade.checkpoint.CommittedImage;
import io.tardigrade.checkpoint.Staging;
import io.tardigrade.guest.GuestSpec;
import io.tardigrade.guest.HostPaths;
import io.tardigrade.preserve.BootId;
import io.tardigrade.preserve.Life;
import io.tardigrade.preserve.Place;
import io.tardigrade.replica.ReplicaFiles;
import io.tardigrade.replica.ReplicaStore;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a host kept of a replicated guest while its operating system was replaced. */
class FoundReplicaTest {
  private static final long LIFE = 77;
  private static final String OTHER_BOOT = "00000000-0000-4000-8000-000000000000";
  private static final GuestSpec SPEC = TestGuest.spec();

  private static final PredecessorLoss HOST_LOST =
      new PredecessorLoss(
          "host-lost",
          "a test",
          Instant.EPOCH,
          new PredecessorLoss.HostLoss(
              new Life(OTHER_BOOT, Place.PRESERVED), true, null, null, Duration.ZERO));

  @TempDir private Path folder;
  private HostPaths paths;
  private ReplicaFiles files;

  @BeforeEach
  void keepOneEpoch() throws IOException {
    paths =
        HostPaths.of(
            Map.of(
                "TARDIGRADE_STATE", folder.resolve("state").toString(),
                "TARDIGRADE_RUN", folder.resolve("run").toString(),
                "TARDIGRADE_IMAGES", folder.resolve("images").toString()));
    Files.createDirectories(paths.guest(SPEC.name()));
    Files.createDirectories(paths.images());
    files =
        new ReplicaFiles(
            paths.replica(SPEC.name()), paths.image(SPEC.name()), SPEC.memoryBytes(), List.of());
    try (CommittedImage image = CommittedImage.create(files.image(), SPEC.memoryBytes())) {
      Staging staging = Objects.requireNonNull(image.beginStaging(7));
      staging.deviceState(MemorySegment.ofArray(new byte[8]));
      image.seal(staging);
      image.apply(staging);
    }
    ReplicaStore.found(files, LIFE).close();
  }

  private @Nullable String check(ReplicaStore store, @Nullable PredecessorLoss loss)
      throws IOException {
    return FoundReplica.check(paths, SPEC, store, loss);
  }

  private void damagePage(long page) throws IOException {
    try (CommittedImage image = CommittedImage.open(files.image());
        RandomAccessFile ram = new RandomAccessFile(image.ramFile().toFile(), "rw")) {
      ram.seek(page * CommittedImage.PAGE_BYTES);
      ram.write(1);
    }
  }

  @Test
  void whatIsAsItWasCommittedIsKept() throws IOException {
    try (ReplicaStore store = ReplicaStore.open(files, LIFE)) {
      assertThat(check(store, HOST_LOST)).isNull();
      assertThat(store.isWhole()).isTrue();
    }
    assertThat(FoundReplica.damage(paths, SPEC.name())).isEmpty();
    assertThat(Life.read(paths.guest(SPEC.name())))
        .as("the guest lives on this boot")
        .contains(new Life(BootId.current(), Place.ORDINARY));
  }

  @Test
  void oneDamagedPageAndNobodyReliesOnIt() throws IOException {
    damagePage(20_000);
    try (ReplicaStore store = ReplicaStore.open(files, LIFE)) {
      assertThat(check(store, HOST_LOST)).contains("page 20000");
      assertThat(store.isWhole()).isFalse();
    }
    try (ReplicaStore next = ReplicaStore.open(files, LIFE)) {
      assertThat(next.isWhole()).as("for the next guardian either").isFalse();
    }
    assertThat(FoundReplica.damage(paths, SPEC.name())).contains("page 20000");
    assertThat(files.image()).as("it is kept to be examined").isNotEmptyDirectory();
    assertThat(Files.readString(paths.events())).contains("kept").contains("page 20000");
    FoundReplica.forgetDamage(paths, SPEC.name());
    assertThat(FoundReplica.damage(paths, SPEC.name())).isEmpty();
  }

  @Test
  void lossOfAGuardianAloneCostsNoComparison() throws IOException {
    damagePage(3);
    try (ReplicaStore store = ReplicaStore.open(files, LIFE)) {
      assertThat(check(store, null)).isNull();
      assertThat(store.isWhole()).isTrue();
    }
  }
}
