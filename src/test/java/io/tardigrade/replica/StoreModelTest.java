package io.tardigrade.replica;

import static org.assertj.core.api.Assertions.assertThat;

import io.tardigrade.replication.EpochId;
import io.tardigrade.replication.HeapStore;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Calls as chance will have them, on a store and on one that is nothing but lists. */
class StoreModelTest {
  private static final int SEEDS = 6;
  private static final int CALLS = 150;

  @TempDir(factory = MemoryFolder.class)
  Path folder;

  @Test
  void storeHoldsWhatAnyOrderOfCallsSays() throws Exception {
    for (long seed = 1; seed <= SEEDS; seed++) {
      Path of = Files.createDirectories(folder.resolve("seed-" + seed));
      try (Pair pair = new Pair(of, seed)) {
        Play play = new Play(pair);
        for (int i = 0; i < CALLS; i++) {
          play.call("seed " + seed + ", call " + i);
        }
        assertThat(play.synchronisations).isPositive();
      }
    }
  }

  private static final class Play {
    private final Pair pair;
    private final HeapStore model = new HeapStore();
    private EpochId contents = EpochId.NONE;
    private int synchronisations;

    Play(Pair pair) {
      this.pair = pair;
      model.roomBytes = Long.MAX_VALUE;
    }

    void call(String at) throws Exception {
      String what = at + ": " + (model.isWhole() ? next() : synchronise());
      check(what);
    }

    private String synchronise() throws Exception {
      // A primary of a new reign hands out its contents, which are ahead of what is committed.
      model.startSync();
      pair.sync();
      model.rebase(pair.primary.contents());
      model.finishSync();
      contents = model.base();
      while (!pair.primary.base().equals(contents)) {
        pair.primary.commit(pair.primary.tail().getFirst());
      }
      catchUp();
      synchronisations++;
      return "synchronised";
    }

    /** What was captured while nobody followed. */
    private void catchUp() throws Exception {
      for (EpochId id : pair.primary.tail()) {
        ship(id);
      }
    }

    private void ship(EpochId id) throws Exception {
      pair.ship(id);
      for (int part = 0; part < pair.primary.parts(id); part++) {
        model.stage(id, part, pair.primary.part(id, part));
      }
      model.seal(id);
    }

    private EpochId any() {
      List<EpochId> tail = model.tail();
      int index = pair.random.nextInt(tail.size() + 1) - 1;
      return index < 0 ? model.base() : tail.get(index);
    }

    private String next() throws Exception {
      return switch (pair.random.nextInt(12)) {
        case 0, 1, 2, 3 -> {
          if (pair.primary.tail().size() >= 3) {
            yield "full";
          }
          EpochId id = pair.epoch();
          ship(id);
          yield "shipped " + id;
        }
        case 4, 5 -> commit(any());
        case 6 -> {
          pair.backup.forget(model.base());
          model.forget(model.base());
          yield "forgotten";
        }
        case 7 -> {
          pair.backup.bringToNewest();
          contents = pair.backup.newest();
          yield "brought to " + contents;
        }
        case 8 -> giveUp(any());
        case 9 -> {
          pair.backup.stage(new EpochId(99, 99), 0, java.nio.ByteBuffer.allocate(0));
          pair.backup.unstage();
          yield "unstaged";
        }
        case 10 -> {
          pair.restartBackup();
          model.forget(model.base());
          yield "backup started again";
        }
        default -> {
          pair.restartPrimary();
          yield "primary started again";
        }
      };
    }

    private String commit(EpochId id) throws Exception {
      boolean moved = model.tail().indexOf(id) > model.tail().indexOf(contents);
      pair.primary.commit(id);
      pair.backup.commit(id);
      model.commit(id);
      if (moved) {
        contents = id;
      }
      return "committed " + id;
    }

    /** Another reign goes on from {@code id}. */
    private String giveUp(EpochId id) throws Exception {
      if (pair.primary.tail().indexOf(pair.primary.contents()) > pair.primary.tail().indexOf(id)) {
        return "the primary is past " + id;
      }
      boolean past = model.tail().indexOf(contents) > model.tail().indexOf(id);
      pair.primary.endRun();
      pair.primary.truncateAfter(id);
      pair.primary.bringToNewest();
      pair.guest = TestGuest.run(pair.primary, pair.random);
      pair.reign++;
      pair.backup.truncateAfter(id);
      model.truncateAfter(id);
      model.whole &= !past;
      return "gone on from " + id;
    }

    private void check(String what) throws IOException {
      assertThat(pair.backup.isWhole()).as(what).isEqualTo(model.isWhole());
      if (!model.isWhole()) {
        return;
      }
      assertThat(pair.backup.base()).as(what).isEqualTo(model.base());
      assertThat(pair.backup.tail()).as(what).isEqualTo(model.tail());
      assertThat(pair.backup.contents()).as(what).isEqualTo(contents);
      for (EpochId id : model.tail()) {
        assertThat(pair.backup.parts(id)).as(what).isEqualTo(model.parts(id));
        for (int part = 0; part < model.parts(id); part++) {
          assertThat(pair.backup.part(id, part)).as(what).isEqualTo(model.part(id, part));
        }
      }
      pair.check(pair.backup, what);
      pair.check(pair.primary, what);
    }
  }
}
