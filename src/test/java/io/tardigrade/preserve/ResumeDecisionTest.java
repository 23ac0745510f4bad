package io.tardigrade.preserve;

import static org.assertj.core.api.Assertions.assertThat;

import io.tardigrade.preserve.ResumeDecision.Found;
import io.tardigrade.preserve.ResumeDecision.Kind;
import java.time.Instant;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** What becomes of a guest after its host was lost. */
class ResumeDecisionTest {
  private static final long RAM = 128L << 20;
  private static final Manifest.Frozen AT_SEVEN = new Manifest.Frozen("kv", 7, Instant.EPOCH);

  private static Found whole() {
    return new Found(Place.PRESERVED, true, true, null, false, 7, 0, RAM, -1, 6, 6);
  }

  @Test
  void wholeImageIsResumedWithAManifestOrWithout() {
    assertThat(ResumeDecision.of(whole(), RAM, AT_SEVEN).kind()).isEqualTo(Kind.RESUME);
    assertThat(ResumeDecision.of(whole(), RAM, null).kind()).isEqualTo(Kind.RESUME);
  }

  @Test
  void imageOfAnotherEpochThanTheManifestsIsKept() {
    ResumeDecision decision =
        ResumeDecision.of(whole(), RAM, new Manifest.Frozen("kv", 8, Instant.EPOCH));
    assertThat(decision.kind()).isEqualTo(Kind.KEEP);
    assertThat(decision.reason()).contains("epoch 8", "epoch 7");
  }

  @Test
  void damagedPageIsKeptAndNamed() {
    Found found = new Found(Place.PRESERVED, true, true, null, false, 7, 0, RAM, 4711, 6, 6);
    ResumeDecision decision = ResumeDecision.of(found, RAM, AT_SEVEN);
    assertThat(decision.kind()).isEqualTo(Kind.KEEP);
    assertThat(decision.reason()).contains("page 4711");
  }

  @Test
  void disksBehindWhatMemoryHasSeenKeepTheGuest() {
    Found found = new Found(Place.PRESERVED, true, true, null, false, 7, 0, RAM, -1, 6, 5);
    assertThat(ResumeDecision.of(found, RAM, null).kind()).isEqualTo(Kind.KEEP);
  }

  @Test
  void unreadableImageIsKeptAndItsProblemTold() {
    ResumeDecision decision =
        ResumeDecision.of(Found.unreadable(Place.PRESERVED, "format version 9"), RAM, null);
    assertThat(decision.kind()).isEqualTo(Kind.KEEP);
    assertThat(decision.reason()).contains("format version 9");
  }

  @Test
  void powerCutRestartsFromDisk() {
    assertThat(ResumeDecision.of(Found.nothing(Place.PRESERVED, true), RAM, null).kind())
        .isEqualTo(Kind.RESTART);
    assertThat(ResumeDecision.of(Found.nothing(Place.PRESERVED, false), RAM, null).kind())
        .isEqualTo(Kind.RESTART);
    assertThat(ResumeDecision.of(Found.nothing(Place.ORDINARY, true), RAM, null).reason())
        .contains("ordinary memory");
  }

  @Test
  void frozenGuestWhoseImageIsGoneIsNotSilentlyRestarted() {
    assertThat(ResumeDecision.of(Found.nothing(Place.PRESERVED, true), RAM, AT_SEVEN).kind())
        .isEqualTo(Kind.KEEP);
  }

  @Test
  void nothingButAWholeProtectedImageIsEverResumed() {
    long seed = System.nanoTime();
    Random random = new Random(seed);
    for (int i = 0; i < 50_000; i++) {
      Found found =
          new Found(
              random.nextBoolean() ? Place.PRESERVED : Place.ORDINARY,
              random.nextBoolean(),
              random.nextInt(4) > 0,
              random.nextInt(4) > 0 ? null : "damaged",
              random.nextInt(4) == 0,
              random.nextInt(3) + 6,
              random.nextInt(4) > 0 ? 0 : 9,
              random.nextInt(4) > 0 ? RAM : 1,
              random.nextInt(4) > 0 ? -1 : 3,
              random.nextInt(8),
              random.nextInt(8));
      Manifest.Frozen frozen = random.nextBoolean() ? AT_SEVEN : null;
      ResumeDecision decision = ResumeDecision.of(found, RAM, frozen);
      boolean sound =
          found.imageThere()
              && found.problem() == null
              && !found.cold()
              && found.unprotectedSince() == 0
              && found.ramBytes() == RAM
              && found.damagedPage() < 0
              && found.diskEpoch() >= found.markedDiskEpoch()
              && (frozen == null || frozen.epoch() == found.epoch());
      assertThat(decision.kind() == Kind.RESUME)
          .as("seed %d, try %d: %s → %s", seed, i, found, decision)
          .isEqualTo(sound);
      assertThat(decision.reason()).isNotBlank();
    }
  }
}
