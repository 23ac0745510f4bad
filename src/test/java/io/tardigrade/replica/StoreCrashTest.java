package io.tardigrade.replica;

import static org.assertj.core.api.Assertions.assertThat;

import io.tardigrade.replication.EpochId;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The process of either store ends between any two changes of its files: what is found then is what
 * was before or after the call that was cut short, or, of a call that takes several epochs, between
 * the two; and it can be gone on from. What happens within a change of image or volumes is for
 * their own tests.
 */
class StoreCrashTest {
  private static final long SEED = 11;

  /** What a store says of itself. */
  private record State(boolean whole, EpochId base, EpochId contents, List<EpochId> tail) {
    static State of(ReplicaStore store) {
      return new State(store.isWhole(), store.base(), store.contents(), List.copyOf(store.tail()));
    }

    EpochId newest() {
      return tail.isEmpty() ? base : tail.getLast();
    }
  }

  @TempDir(factory = MemoryFolder.class)
  Path folder;

  private Pair pair;
  private final List<State> found = new ArrayList<>();
  private int ends;

  private interface Call {
    void run() throws Exception;
  }

  /** Makes a call, and a copy of the store's files at each step of it, which is opened. */
  private void cut(String what, boolean ofBackup, Call call) throws Exception {
    ReplicaStore store = ofBackup ? pair.backup : pair.primary;
    State before = State.of(store);
    found.clear();
    Runnable step = () -> look(what, ofBackup);
    pair.watch(ofBackup ? () -> {} : step, ofBackup ? step : () -> {});
    call.run();
    look(what, ofBackup);
    pair.watch(() -> {}, () -> {});
    State after = State.of(ofBackup ? pair.backup : pair.primary);
    for (State at : found) {
      assertThat(isBetween(at, before, after))
          .as("%s: found %s, before %s, after %s", what, at, before, after)
          .isTrue();
    }
    assertThat(found.getLast().whole()).as(what).isEqualTo(after.whole());
    if (after.whole()) {
      assertThat(found.getLast()).as(what).isEqualTo(after);
    }
  }

  private static boolean isBetween(State at, State before, State after) {
    if (!at.whole()) {
      return !before.whole() || !after.whole();
    }
    return at.equals(before)
        || at.equals(after)
        || (before.whole()
            && isBetween(at.base(), before.base(), after.base())
            && isBetween(at.contents(), before.contents(), after.contents())
            && isBetween(at.newest(), before.newest(), after.newest()));
  }

  private static boolean isBetween(EpochId at, EpochId one, EpochId other) {
    return at.epoch() >= Math.min(one.epoch(), other.epoch())
        && at.epoch() <= Math.max(one.epoch(), other.epoch());
  }

  private void look(String what, boolean ofBackup) {
    Path live = folder.resolve(ofBackup ? "b" : "p");
    Path copy = folder.resolve("copy");
    try {
      run("cp", "-r", "--sparse=always", live.toString(), copy.toString());
      ends++;
      try (ReplicaStore left = ReplicaStore.open(TestGuest.files(copy), Pair.LIFE)) {
        found.add(State.of(left));
        if (left.isWhole()) {
          pair.check(left, what + ", step " + found.size());
          left.bringToNewest();
          pair.check(left, what + ", step " + found.size() + ", gone on from");
        }
      }
      run("rm", "-r", copy.toString());
    } catch (Exception e) {
      throw new AssertionError(what + ", step " + found.size() + ": " + e.getMessage(), e);
    }
  }

  private static void run(String... command) throws Exception {
    Process process = new ProcessBuilder(command).inheritIO().start();
    assertThat(process.waitFor()).as(String.join(" ", command)).isZero();
  }

  @Test
  void nothingIsHalfDoneWhereverTheProcessEnds() throws Exception {
    try (Pair made = new Pair(Files.createDirectories(folder), SEED)) {
      pair = made;
      for (int round = 0; round < 3; round++) {
        synchronise();
        // Once more, of what is whole until then.
        synchronise();
        follow();
        takeOver();
      }
      cut("dropped", true, () -> pair.backup.drop());
      assertThat(ends).isGreaterThan(150);
    }
  }

  private void synchronise() throws Exception {
    pair.commitAlone();
    cut("sync begins", true, () -> pair.backup.startSync());
    for (long unit = 0; unit < pair.backup.units(); ) {
      long from = unit;
      if (from == 0 || from + pair.backup.unitsAtOnce() >= pair.backup.units()) {
        cut("units from " + from, true, () -> pair.syncSome(from));
        unit = Math.min(pair.backup.units(), from + pair.backup.unitsAtOnce());
      } else {
        unit = pair.syncSome(from);
      }
    }
    cut("sync ends", true, () -> pair.backup.finishSync());
  }

  private void follow() throws Exception {
    for (int i = 0; i < 3; i++) {
      EpochId[] id = new EpochId[1];
      cutPrimary("captured", () -> id[0] = pair.epoch());
      cut("shipped", true, () -> pair.ship(id[0]));
      if (i == 1) {
        cut("committed on the primary", false, () -> pair.primary.commit(id[0]));
        cut("committed on the backup", true, () -> pair.backup.commit(id[0]));
        cut("forgotten", true, () -> pair.backup.forget(id[0]));
      }
    }
  }

  /** What is sealed then is known here only afterwards. */
  private void cutPrimary(String what, Call call) throws Exception {
    State before = State.of(pair.primary);
    call.run();
    assertThat(State.of(pair.primary)).as(what).isNotEqualTo(before);
    found.clear();
    look(what, false);
    assertThat(found.getLast()).as(what).isEqualTo(State.of(pair.primary));
  }

  private void takeOver() throws Exception {
    EpochId last = pair.epoch();
    pair.ship(last);
    EpochId base = pair.backup.base();
    cut("brought to the newest", true, () -> pair.backup.bringToNewest());
    cut("base follows", true, () -> pair.backup.commit(pair.backup.tail().getFirst()));
    cut("base follows to the end", true, () -> pair.backup.commit(last));
    assertThat(pair.backup.base()).isNotEqualTo(base);
    cut("discarded", false, () -> pair.primary.endRun());
    cut("read back", false, () -> pair.primary.commit(last));
    pair.primary.forget(last);
    pair.guest = TestGuest.run(pair.primary, pair.random);
    EpochId gone = pair.epoch();
    pair.ship(gone);
    cut("brought to what is given up", true, () -> pair.backup.bringToNewest());
    cut("given up", true, () -> pair.backup.truncateAfter(last));
    assertThat(pair.backup.isWhole()).isFalse();
    cut("given up where it ran", false, () -> pair.primary.truncateAfter(last));
    pair.primary.endRun();
    assertThat(pair.primary.isWhole()).isTrue();
    pair.guest = TestGuest.run(pair.primary, pair.random);
    pair.reign++;
  }

  @Test
  void checkIsNotBlind() throws IOException {
    State before = new State(true, new EpochId(1, 1), new EpochId(1, 1), List.of());
    State after = new State(true, new EpochId(1, 3), new EpochId(1, 3), List.of());
    State beyond = new State(true, new EpochId(1, 4), new EpochId(1, 4), List.of());
    State lost = new State(false, new EpochId(1, 1), new EpochId(1, 1), List.of());
    assertThat(isBetween(beyond, before, after)).isFalse();
    assertThat(isBetween(lost, before, after)).isFalse();
    assertThat(isBetween(after, before, after)).isTrue();
  }
}
