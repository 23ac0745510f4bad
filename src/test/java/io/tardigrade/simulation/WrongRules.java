package io.tardigrade.simulation;

import static io.tardigrade.simulation.WrongRules.Wrong.*;

import io.tardigrade.replication.EpochId;
import io.tardigrade.replication.Message.Condition;
import io.tardigrade.replication.Rules;
import io.tardigrade.replication.View;
import java.util.Collection;
import java.util.List;
import java.util.Set;

/** A protocol that is wrong in one point. */
final class WrongRules extends Rules {
  /** What is wrong. */
  enum Wrong {
    RELEASE_BEFORE_ANYONE_HAS_ACKNOWLEDGED(1),
    COMMIT_WHEN_ONE_BACKUP_HAS_ACKNOWLEDGED(1),
    CHECK_NO_VIEW(5045),
    LISTEN_BEFORE_A_VIEW_IS_KNOWN(12231),
    COUNT_WHAT_BELONGS_TO_AN_EARLIER_ATTACHMENT(7331),
    ACKNOWLEDGE_THE_OLD_VIEW_AFTER_PROPOSING(5027),
    SEAL_BEFORE_ALL_PARTS_HAVE_COME(1),
    APPEND_WHATEVER_COMES(2),
    TAKE_OVER_WITHOUT_BEING_WHOLE(5001),
    TAKE_OVER_WITHOUT_BEING_IN_THE_VIEW(5001),
    TAKE_OVER_FROM_WHAT_IS_KNOWN_TO_BE_COMMITTED(8),
    TAKE_OVER_WITHOUT_COMPARE_AND_SET(13),
    GO_ON_AFTER_A_RESTART_IN_THE_OLD_VIEW(14),
    COMMIT_BY_THE_OLD_VIEW_AFTER_PROPOSING(10001),
    COMMIT_BY_A_VIEW_BEFORE_IT_IS_STORED(1),
    FORGET_THE_BOUND_OF_THE_QUEUE(2),
    ADD_WHO_IS_NOT_SYNCHRONISED_AND_MAY_LEAD(2),
    ADD_WHO_IS_BEHIND(5013),
    ADD_WHO_LACKS_WHAT_AN_EARLIER_REIGN_MAY_HAVE_COMMITTED(47080),
    PUT_OLDER_PAGES_OVER_NEWER_ONES(5382),
    BE_WHOLE_BEFORE_THE_BASE_HAS_CAUGHT_UP(6),
    TAKE_CONTENTS_FOR_WHAT_IS_COMMITTED(10011),
    JOIN_WITH_CONTENTS_THAT_NEVER_COMMITTED(13453);

    /**
     * Where it is noticed; found by trying, to save time. A change of the simulator moves it, and
     * then all seeds are tried.
     */
    final long seed;

    Wrong(long seed) {
      this.seed = seed;
    }
  }

  private final Wrong wrong;

  WrongRules(Wrong wrong) {
    this.wrong = wrong;
  }

  @Override
  public EpochId releases(EpochId committed, EpochId captured) {
    return wrong == RELEASE_BEFORE_ANYONE_HAS_ACKNOWLEDGED
        ? captured
        : super.releases(committed, captured);
  }

  @Override
  public boolean isCommitted(long position, Collection<Long> held) {
    return wrong == COMMIT_WHEN_ONE_BACKUP_HAS_ACKNOWLEDGED
        ? held.isEmpty() || held.stream().anyMatch(h -> h >= position)
        : super.isCommitted(position, held);
  }

  @Override
  public boolean accepts(long own, long theirs) {
    return wrong == CHECK_NO_VIEW || super.accepts(own, theirs);
  }

  @Override
  public boolean mayListen(View known) {
    return wrong == LISTEN_BEFORE_A_VIEW_IS_KNOWN || super.mayListen(known);
  }

  @Override
  public boolean isCurrent(long ownAttachment, long theirs) {
    return wrong == COUNT_WHAT_BELONGS_TO_AN_EARLIER_ATTACHMENT
        || super.isCurrent(ownAttachment, theirs);
  }

  @Override
  public boolean acknowledges(boolean proposed) {
    return wrong == ACKNOWLEDGE_THE_OLD_VIEW_AFTER_PROPOSING || super.acknowledges(proposed);
  }

  @Override
  public boolean completes(int part, int parts) {
    return wrong == SEAL_BEFORE_ALL_PARTS_HAVE_COME ? part == 0 : super.completes(part, parts);
  }

  @Override
  public boolean follows(boolean parentIsHeld) {
    return wrong == APPEND_WHATEVER_COMES || super.follows(parentIsHeld);
  }

  @Override
  public boolean mayLead(View view, String host, boolean whole) {
    return switch (wrong) {
      case TAKE_OVER_WITHOUT_BEING_WHOLE, ADD_WHO_IS_NOT_SYNCHRONISED_AND_MAY_LEAD ->
          view.hasMember(host);
      case TAKE_OVER_WITHOUT_BEING_IN_THE_VIEW -> whole;
      default -> super.mayLead(view, host, whole);
    };
  }

  @Override
  public EpochId resumesFrom(EpochId base, List<EpochId> tail) {
    return wrong == TAKE_OVER_FROM_WHAT_IS_KNOWN_TO_BE_COMMITTED
        ? base
        : super.resumesFrom(base, tail);
  }

  @Override
  public boolean isWon(View proposal, View stored) {
    return wrong == TAKE_OVER_WITHOUT_COMPARE_AND_SET || super.isWon(proposal, stored);
  }

  @Override
  public boolean needsNewReign(View view) {
    return wrong != GO_ON_AFTER_A_RESTART_IN_THE_OLD_VIEW && super.needsNewReign(view);
  }

  @Override
  public Set<String> holdersNeeded(View view, View proposal) {
    return switch (wrong) {
      case COMMIT_BY_THE_OLD_VIEW_AFTER_PROPOSING -> super.holdersNeeded(view, view);
      case COMMIT_BY_A_VIEW_BEFORE_IT_IS_STORED -> super.holdersNeeded(proposal, proposal);
      default -> super.holdersNeeded(view, proposal);
    };
  }

  @Override
  public boolean mayCapture(int records, long bytes) {
    return wrong == FORGET_THE_BOUND_OF_THE_QUEUE || super.mayCapture(records, bytes);
  }

  @Override
  public boolean mayAdd(Condition condition, long held, long committed, long inherited) {
    return switch (wrong) {
      case ADD_WHO_IS_NOT_SYNCHRONISED_AND_MAY_LEAD -> held >= Math.max(committed, inherited);
      case ADD_WHO_IS_BEHIND -> condition == Condition.WHOLE;
      case ADD_WHO_LACKS_WHAT_AN_EARLIER_REIGN_MAY_HAVE_COMMITTED ->
          condition == Condition.WHOLE && held >= committed;
      default -> super.mayAdd(condition, held, committed, inherited);
    };
  }

  @Override
  public boolean mayPlace(long versionEpoch, long baseEpoch) {
    return wrong == PUT_OLDER_PAGES_OVER_NEWER_ONES || super.mayPlace(versionEpoch, baseEpoch);
  }

  @Override
  public boolean mayJoin(boolean contentsAreCommitted) {
    return wrong == JOIN_WITH_CONTENTS_THAT_NEVER_COMMITTED || super.mayJoin(contentsAreCommitted);
  }

  @Override
  public EpochId version(EpochId committed, EpochId contents) {
    return wrong == TAKE_CONTENTS_FOR_WHAT_IS_COMMITTED
        ? committed
        : super.version(committed, contents);
  }

  @Override
  public boolean isSynchronised(long newestVersionEpoch, long baseEpoch) {
    return wrong == BE_WHOLE_BEFORE_THE_BASE_HAS_CAUGHT_UP
        || super.isSynchronised(newestVersionEpoch, baseEpoch);
  }
}
