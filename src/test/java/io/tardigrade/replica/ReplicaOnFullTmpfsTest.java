package io.tardigrade.replica;

import static org.assertj.core.api.Assertions.assertThat;

import io.tardigrade.replication.EpochId;
import io.tardigrade.replication.StoreFullException;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Replicas in a tmpfs with a few pages left, or none. */
@Tag("system")
@Tag("aside")
class ReplicaOnFullTmpfsTest {
  private static final int ROUNDS = 60;

  @TempDir Path folder;

  @BeforeEach
  void mount() throws Exception {
    run("mount", "-t", "tmpfs", "-o", "size=12m", "tardigrade-test", folder.toString());
  }

  @AfterEach
  void unmount() throws Exception {
    run("umount", folder.toString());
  }

  private static void run(String... command) throws Exception {
    assertThat(new ProcessBuilder(command).inheritIO().start().waitFor())
        .as(String.join(" ", command))
        .isZero();
  }

  private Path filler() {
    return folder.resolve("filler");
  }

  private void fill(int pagesLeft) throws IOException {
    long pages = Files.getFileStore(folder).getUsableSpace() / 4096 - pagesLeft;
    try (OutputStream out = Files.newOutputStream(filler())) {
      out.write(new byte[Math.toIntExact(pages * 4096)]);
    }
  }

  private interface Call {
    void run() throws Exception;
  }

  private int refused;

  /** Makes a call with few pages left, and again with enough where it was refused. */
  private void tight(Pair pair, Call call, Call undo) throws Exception {
    fill(pair.random.nextInt(6));
    try {
      call.run();
      Files.delete(filler());
    } catch (StoreFullException e) {
      refused++;
      assertThat(e).hasMessageNotContaining("null");
      Files.delete(filler());
      undo.run();
      call.run();
    }
  }

  @Test
  void whatHasNoRoomIsRefusedAndNothingIsHarmed() throws Exception {
    try (Pair pair = new Pair(folder, 9)) {
      pair.sync();
      for (int i = 0; i < ROUNDS; i++) {
        String what = "round " + i;
        List<EpochId> id = new ArrayList<>();
        pair.guest.work();
        tight(pair, () -> id.add(pair.capture()), () -> pair.check(pair.primary, what));
        tight(
            pair,
            () -> pair.ship(id.getFirst()),
            () -> {
              pair.backup.unstage();
              pair.check(pair.backup, what);
            });
        tight(pair, () -> pair.backup.commit(id.getFirst()), () -> pair.check(pair.backup, what));
        tight(pair, () -> pair.primary.commit(id.getFirst()), () -> pair.check(pair.primary, what));
        pair.backup.forget(id.getFirst());
        pair.primary.forget(id.getFirst());
        pair.check(pair.backup, what);
        pair.check(pair.primary, what);
        if (i % 10 == 9) {
          pair.backup.startSync();
          for (long unit = 0; unit < pair.backup.units(); ) {
            long from = unit;
            tight(pair, () -> pair.syncSome(from), () -> {});
            unit = Math.min(pair.backup.units(), from + pair.backup.unitsAtOnce());
          }
          tight(pair, () -> pair.backup.finishSync(), () -> {});
          pair.restartBackup();
          pair.check(pair.backup, what + ", synchronised");
        }
      }
      assertThat(refused).isGreaterThan(ROUNDS / 4);
    }
  }

  @Test
  void hostWithoutRoomTakesNoReplicaAndLeavesNothing() throws Exception {
    try (Pair pair = new Pair(folder, 10)) {
      pair.commitAlone();
      pair.backup.startSync();
      fill(100);
      try {
        pair.syncSome(0);
        throw new AssertionError("there is no room for it");
      } catch (StoreFullException e) {
        assertThat(e).hasMessageContaining("free");
      }
      Files.delete(filler());
      pair.sync();
      pair.check(pair.backup, "with room");
    }
  }
}
