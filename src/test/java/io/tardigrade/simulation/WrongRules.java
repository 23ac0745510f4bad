package io.tardigrade.simulation;

import io.tardigrade.replication.EpochId;
import io.tardigrade.replication.Message.Condition;
import io.tardigrade.replication.Rules;
import io.tardigrade.replication.View;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Protocols that are wrong in one point each. */
final class WrongRules {
  private WrongRules() {}

  static Map<String, Rules> all() {
    Map<String, Rules> wrong = new LinkedHashMap<>();
    wrong.put(
        "release before anyone has acknowledged",
        new Rules() {
          @Override
          public EpochId releases(EpochId committed, EpochId captured) {
            return captured;
          }
        });
    wrong.put(
        "commit when one backup has acknowledged",
        new Rules() {
          @Override
          public boolean isCommitted(long position, Collection<Long> held) {
            return held.isEmpty() || held.stream().anyMatch(h -> h >= position);
          }
        });
    wrong.put(
        "no view check",
        new Rules() {
          @Override
          public boolean accepts(long own, long theirs) {
            return true;
          }
        });
    wrong.put(
        "listen before a view is known",
        new Rules() {
          @Override
          public boolean mayListen(View known) {
            return true;
          }
        });
    wrong.put(
        "count what belongs to an earlier attachment",
        new Rules() {
          @Override
          public boolean isCurrent(long ownAttachment, long theirs) {
            return true;
          }
        });
    wrong.put(
        "acknowledge the old view after proposing a new one",
        new Rules() {
          @Override
          public boolean acknowledges(boolean proposed) {
            return true;
          }
        });
    wrong.put(
        "seal before all parts have come",
        new Rules() {
          @Override
          public boolean completes(int part, int parts) {
            return part == 0;
          }
        });
    wrong.put(
        "append whatever comes",
        new Rules() {
          @Override
          public boolean follows(boolean parentIsHeld) {
            return true;
          }
        });
    wrong.put(
        "take over without being whole",
        new Rules() {
          @Override
          public boolean mayLead(View view, String host, boolean whole) {
            return view.hasMember(host);
          }
        });
    wrong.put(
        "take over without being in the view",
        new Rules() {
          @Override
          public boolean mayLead(View view, String host, boolean whole) {
            return whole;
          }
        });
    wrong.put(
        "take over from the newest epoch known to be committed",
        new Rules() {
          @Override
          public EpochId resumesFrom(EpochId base, List<EpochId> tail) {
            return base;
          }
        });
    wrong.put(
        "take over without compare-and-set",
        new Rules() {
          @Override
          public boolean isWon(View proposal, View stored) {
            return true;
          }
        });
    wrong.put(
        "go on after a restart in the old view",
        new Rules() {
          @Override
          public boolean needsNewReign(View view) {
            return false;
          }
        });
    wrong.put(
        "commit by the old view after proposing another",
        new Rules() {
          @Override
          public Set<String> holdersNeeded(View view, View proposal) {
            return super.holdersNeeded(view, view);
          }
        });
    wrong.put(
        "commit by a proposed view before it is stored",
        new Rules() {
          @Override
          public Set<String> holdersNeeded(View view, View proposal) {
            return super.holdersNeeded(proposal, proposal);
          }
        });
    wrong.put(
        "forget the bound of the queue",
        new Rules() {
          @Override
          public boolean mayCapture(int records, long bytes) {
            return true;
          }
        });
    wrong.put(
        "add a backup that is not synchronised, and let it lead",
        new Rules() {
          @Override
          public boolean mayAdd(Condition condition, long held, long committed, long inherited) {
            return held >= Math.max(committed, inherited);
          }

          @Override
          public boolean mayLead(View view, String host, boolean whole) {
            return view.hasMember(host);
          }
        });
    wrong.put(
        "add a backup that is behind",
        new Rules() {
          @Override
          public boolean mayAdd(Condition condition, long held, long committed, long inherited) {
            return condition == Condition.WHOLE;
          }
        });
    wrong.put(
        "add a backup without what an earlier reign may have committed",
        new Rules() {
          @Override
          public boolean mayAdd(Condition condition, long held, long committed, long inherited) {
            return condition == Condition.WHOLE && held >= committed;
          }
        });
    wrong.put(
        "put older pages over newer ones",
        new Rules() {
          @Override
          public boolean mayPlace(long versionEpoch, long baseEpoch) {
            return true;
          }
        });
    wrong.put(
        "be whole before the base has caught up with its pages",
        new Rules() {
          @Override
          public boolean isSynchronised(long newestVersionEpoch, long baseEpoch) {
            return true;
          }
        });
    return wrong;
  }
}
