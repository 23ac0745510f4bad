package io.tardigrade.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import io.tardigrade.cluster.ReplicaActions.Action;
import io.tardigrade.cluster.ReplicaActions.Kind;
import io.tardigrade.cluster.ReplicaActions.Known;
import io.tardigrade.cluster.ReplicaActions.Local;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class ReplicaActionsTest {
  private static final String ID = "kv-00000001";

  private static Local local(@Nullable String id, boolean leads, boolean ended) {
    return new Local("kv", id, leads, ended);
  }

  private static Known known(boolean assigned, boolean member) {
    return new Known(ID, "kv", assigned, member, false, true);
  }

  private static List<Kind> kinds(List<Local> locals, List<Known> guests) {
    return ReplicaActions.of(locals, guests, List.of()).stream().map(Action::kind).toList();
  }

  private static List<Kind> kindsWhereItEnded(List<Local> locals) {
    return ReplicaActions.of(locals, List.of(), List.of(ID)).stream().map(Action::kind).toList();
  }

  @Test
  void replicaIsMadeWhereItIsAssignedAndLacking() {
    assertThat(ReplicaActions.of(List.of(), List.of(known(true, false)), List.of()))
        .containsExactly(new Action(Kind.CREATE, "kv", ID));
    assertThat(kinds(List.of(local(ID, false, false)), List.of(known(true, false)))).isEmpty();
    assertThat(kinds(List.of(), List.of(known(false, false)))).isEmpty();
  }

  @Test
  void replicaThatNobodyAssignedGoesUnlessTheViewCountsOnIt() {
    List<Local> here = List.of(local(ID, false, false));
    assertThat(kinds(here, List.of(known(false, false)))).containsExactly(Kind.DROP);
    assertThat(kinds(here, List.of(known(false, true)))).isEmpty();
  }

  @Test
  void replicaGoesIfTheGuestIsKnownToHaveEndedAndNotIfNothingIsKnown() {
    List<Local> here = List.of(local(ID, false, false));
    assertThat(kindsWhereItEnded(here)).containsExactly(Kind.DROP);
    assertThat(kinds(here, List.of())).containsExactly(Kind.KEPT);
    assertThat(kindsWhereItEnded(List.of(local(ID, true, false)))).containsExactly(Kind.UNKNOWN);
  }

  @Test
  void guestThatWasEnteredAndNeverFoundedIsTakenBackAndNotMade() {
    List<Known> entered = List.of(new Known(ID, "kv", true, false, false, false));
    assertThat(kinds(List.of(), entered)).containsExactly(Kind.RECLAIM);
    assertThat(kinds(List.of(local(null, true, false)), entered)).containsExactly(Kind.RECLAIM);
    assertThat(kinds(List.of(local("kv-00000002", false, true)), entered)).contains(Kind.RECLAIM);
    assertThat(kinds(List.of(local(ID, true, false)), entered)).isEmpty();
  }

  @Test
  void guestThatIsKeptHereAloneAndReplicatedNoLongerIsTakenBack() {
    List<Known> alone = List.of(new Known(ID, "kv", true, true, true, true));
    assertThat(kinds(List.of(local(null, true, false)), alone)).containsExactly(Kind.RECLAIM);
    assertThat(kinds(List.of(local(null, true, false)), List.of(known(true, true))))
        .as("a backup may run it")
        .containsExactly(Kind.CONFLICT);
    assertThat(kinds(List.of(local(ID, true, false)), alone)).isEmpty();
    assertThat(kinds(List.of(), alone))
        .as("of a guest that is not here nothing is given up")
        .containsExactly(Kind.CREATE);
  }

  @Test
  void guestThatRunsHereIsNeverDropped() {
    List<Local> here = List.of(local(ID, true, false));
    assertThat(kinds(here, List.of(known(false, false)))).isEmpty();
    assertThat(kinds(here, List.of())).containsExactly(Kind.UNKNOWN);
  }

  @Test
  void guestThatEndedHereBecomesOneLikeAnyOther() {
    assertThat(kinds(List.of(local(ID, false, true)), List.of())).containsExactly(Kind.SETTLE);
  }

  @Test
  void replicaOfAnEarlierLifeMakesRoomForTheNext() {
    Local old = local("kv-00000002", false, false);
    assertThat(ReplicaActions.of(List.of(old), List.of(known(true, false)), List.of(old.name())))
        .extracting(Action::kind)
        .containsExactly(Kind.KEPT);
    assertThat(ReplicaActions.of(List.of(old), List.of(known(true, false)), List.of("kv-00000002")))
        .extracting(Action::kind)
        .containsExactly(Kind.DROP);
    assertThat(kinds(List.of(), List.of(known(true, false)))).containsExactly(Kind.CREATE);
  }

  @Test
  void guestOfThisHostAloneIsNotTouched() {
    assertThat(kinds(List.of(local(null, true, false)), List.of(known(true, false))))
        .containsExactly(Kind.CONFLICT);
    assertThat(kinds(List.of(local(null, true, false)), List.of())).isEmpty();
  }
}
