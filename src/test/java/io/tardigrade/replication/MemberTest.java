package io.tardigrade.replication;

import static org.assertj.core.api.Assertions.assertThat;

import io.tardigrade.replication.Message.Beat;
import io.tardigrade.replication.Message.Condition;
import io.tardigrade.replication.Message.Part;
import io.tardigrade.replication.Message.Report;
import java.nio.ByteBuffer;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What the simulator, whose runs last seconds and whose epochs are small, cannot see. */
class MemberTest {
  private OneHost host;

  @BeforeEach
  void begin() {
    host = new OneHost();
    host.member().protect(1, 1);
    host.store.whole = true;
    host.store.base = new EpochId(1, 7);
  }

  private static Report report(long view, long attachment, EpochId held) {
    return new Report(view, attachment, 9, held, 0, Condition.WHOLE, 0, 0);
  }

  @Test
  void nothingIsDroppedWhileTheCoordinatorIsOut() {
    host.view(5, "a");
    host.pass(11 * OneHost.MINUTE);
    assertThat(host.store.dropped).isFalse();
    host.view(6, "a", OneHost.NAME);
    assertThat(host.store.dropped).isFalse();
    host.pass(OneHost.MINUTE);
    assertThat(host.proposed).isEmpty();
    host.view(6, "a", OneHost.NAME);
    assertThat(host.proposed).as("takes over with what it kept").hasSize(1);
  }

  /** Early after a reset of the host: all of the guest is here, and the service is not up yet. */
  @Test
  void guestWhoseHostWasResetWaitsForTheViewToSayWhoRunsIt() {
    host.pass(OneHost.MINUTE);
    assertThat(host.runs).isFalse();
    assertThat(host.proposed).isEmpty();

    host.view(6, "a");
    host.pass(OneHost.MINUTE);
    assertThat(host.runs).as("it was taken over meanwhile").isFalse();
    assertThat(host.proposed).isEmpty();
  }

  @Test
  void guestWhoseHostWasResetGoesOnWhereTheViewStillNamesThatHost() {
    host.pass(OneHost.MINUTE);
    host.lead(6);
    assertThat(host.runs).isTrue();
  }

  @Test
  void hostThatKnowsNoViewDropsNothing() {
    host.pass(11 * OneHost.MINUTE);
    host.view(View.NONE);
    assertThat(host.store.dropped).isFalse();
  }

  @Test
  void whatNobodyWantsIsDroppedOnceTheCoordinatorSaysSo() {
    host.view(5, "a");
    host.pass(9 * OneHost.MINUTE);
    host.view(5, "a");
    assertThat(host.store.dropped).isFalse();
    host.pass(2 * OneHost.MINUTE);
    host.view(5, "a");
    assertThat(host.store.dropped).isTrue();
  }

  @Test
  void hostThatStoodStillDropsNothingForAnAnswerFromBefore() {
    host.view(5, "a");
    host.nowNanos += 11 * OneHost.MINUTE;
    host.view(5, "a");
    host.pass(OneHost.MINUTE);
    host.view(5, "a");
    assertThat(host.store.dropped).isFalse();
  }

  @Test
  void whoIsInvitedDropsNothing() {
    host.view(5, "a");
    for (int minute = 0; minute < 11; minute++) {
      host.pass(OneHost.MINUTE);
      host.hears("a", new Beat(new View(5, 1, "a", List.of()), 1, new EpochId(1, 7), 1));
      host.view(5, "a");
    }
    assertThat(host.store.dropped).isFalse();
  }

  @Test
  void backupThatIsToldToTakesOverFromAPrimaryThatIsHeard() {
    View view = new View(5, 1, "a", List.of(OneHost.NAME));
    host.view(view);
    host.hears("a", new Beat(view, 1, host.store.base, 1));
    assertThat(host.member().failOver(host.nowNanos)).isEmpty();
    host.hears("a", new Beat(view, 1, host.store.base, 2));
    host.view(view);
    assertThat(host.proposed).containsExactly(view.ledBy(OneHost.NAME));
    host.view(host.proposed.getLast());
    assertThat(host.runs).isTrue();
    assertThat(host.member().failOver(host.nowNanos)).contains("already");
  }

  @Test
  void hostThatIsNoBackupDoesNotTakeOver() {
    host.view(5, "a", "c");
    assertThat(host.member().failOver(host.nowNanos)).contains("is not a backup");
    host.view(5, "a", "c");
    assertThat(host.proposed).isEmpty();
  }

  @Test
  void reportOfAnEarlierReignCountsForNothing() {
    EpochId inherited = new EpochId(1, 8);
    host.store.keep(inherited);
    host.lead(3, "c");
    assertThat(host.runs).isTrue();
    host.hears("c", report(3, 1, inherited));
    assertThat(host.output).isEqualTo(host.store.base()).isEqualTo(new EpochId(1, 7));
    host.hears("c", report(4, 1, inherited));
    assertThat(host.output).isEqualTo(inherited);
  }

  @Test
  void reportThatComesLateCostsNobodyItsPlace() throws Exception {
    host.lead(3, "c");
    EpochId first = host.capture();
    EpochId second = host.capture();
    host.hears("c", report(4, 1, first));
    host.hears("c", report(4, 1, second));
    host.hears("c", report(4, 1, host.store.base));
    host.hears("c", report(4, 1, first));
    assertThat(host.proposed).as("only that of the takeover").hasSize(1);
  }

  @Test
  void backupThatHasNoRoomToFollowSaysSo() throws Exception {
    host.view(5, "a", OneHost.NAME);
    View view = new View(5, 1, "a", List.of(OneHost.NAME));
    EpochId next = new EpochId(1, 8);
    host.hears("a", new Beat(view, 1, host.store.base, 1));
    host.store.stuck = true;
    host.hears(
        "a", new Part(5, 1, host.store.base, next, host.store.base, 0, 1, ByteBuffer.allocate(9)));
    assertThat(lastReport().condition()).as("nothing to commit yet").isEqualTo(Condition.WHOLE);
    host.hears("a", new Beat(view, 1, next, 2));
    assertThat(lastReport().condition()).isEqualTo(Condition.FULL);
    assertThat(lastReport().held()).as("it is sealed").isEqualTo(next);
  }

  private Report lastReport() {
    return (Report) host.sent.getLast().message();
  }

  @Test
  void outputWaitsWhileThePrimaryHasNoRoomToCommit() throws Exception {
    host.lead(3);
    EpochId first = host.capture();
    assertThat(host.output).isEqualTo(first);
    host.store.stuck = true;
    EpochId second = host.capture();
    assertThat(host.output).isEqualTo(first);
    host.store.stuck = false;
    host.pass(OneHost.MINUTE / 1000);
    assertThat(host.output).isEqualTo(second);
  }

  @Test
  void guestIsNotCapturedWhileTooManyBytesWaitForABackup() throws Exception {
    host.lead(3, "c");
    assertThat(host.member().mayCapture()).isTrue();
    host.store.extraBytes = Timeouts.RECORD_BYTES_MAX - 11;
    host.capture();
    assertThat(host.member().mayCapture()).isTrue();
    host.store.extraBytes = 0;
    EpochId last = host.capture();
    assertThat(host.member().mayCapture()).isFalse();
    host.hears("c", report(4, 1, last));
    assertThat(host.member().mayCapture()).isTrue();
  }
}
