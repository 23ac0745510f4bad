package io.tardigrade.replication;

import io.tardigrade.replication.Message.Beat;
import io.tardigrade.replication.Message.Condition;
import io.tardigrade.replication.Message.Newer;
import io.tardigrade.replication.Message.Part;
import io.tardigrade.replication.Message.Report;
import io.tardigrade.replication.Message.SyncRequest;
import io.tardigrade.replication.Message.SyncUnits;
import org.jspecify.annotations.Nullable;

/**
 * Follows a primary: seals and acknowledges what it ships, and takes over when it is silent. Also
 * what a host does that is not in the view, or does not know it yet: it waits to be invited.
 *
 * <pre>
 *               silence                stored view is ours
 *   FOLLOWING ──────────▶ ASKING ────────────────────────▶ PROPOSED ── stored ──▶ {@link Primary}
 *      ▲  ▲                 │ primary is heard                 │
 *      │  └─────────────────┘                                  │
 *      └──────────────── another view was stored ──────────────┘
 * </pre>
 *
 * <p>The coordinator is asked first so that a backup which cannot reach it goes on acknowledging.
 * Once it has proposed it never acknowledges that view again, whatever becomes of the proposal.
 */
final class Backup implements Role {
  private enum Phase {
    FOLLOWING,
    ASKING,
    PROPOSED
  }

  private final Member member;
  private final String self;
  private final Ports ports;
  private final Rules rules;
  private final MemberStore store;
  private View view;
  private Phase phase = Phase.FOLLOWING;
  private @Nullable View proposal;
  private EpochId takesOverFrom = EpochId.NONE;
  private long reign = -1;
  private long attachment = -1;

  /** Up to here the log is known to be the primary's. */
  private @Nullable EpochId held;

  private @Nullable EpochId staged;
  private int stagedParts;
  private boolean full;
  private @Nullable Synchronisation sync;
  private long echoNanos;
  private long heardNanos;
  private long askedNanos;
  private long lookNanos;

  /** Nobody was heard for so long that what is kept here may go, once the coordinator agrees. */
  private boolean unwanted;

  private boolean dropped;

  /** Somebody wants this host to lead, however well its primary is. */
  private boolean ordered;

  Backup(Member member, View view, long nowNanos) {
    this.member = member;
    this.self = member.identity().host();
    this.ports = member.ports();
    this.rules = member.rules();
    this.store = ports.store();
    this.view = view;
    this.heardNanos = nowNanos;
    this.askedNanos = nowNanos;
    this.lookNanos = nowNanos;
    store.forget(store.base());
    ports.coordinator().read();
  }

  @Override
  public View view() {
    return view;
  }

  @Override
  public void onView(View stored, long nowNanos) {
    View proposed = proposal;
    if (proposed != null && stored.number() >= proposed.number() && rules.isWon(proposed, stored)) {
      store.truncateAfter(takesOverFrom);
      member.lead(proposed, takesOverFrom, nowNanos);
      return;
    }
    if (stored.number() > view.number()) {
      adopt(stored, "it is stored", nowNanos);
    }
    if (stored.number() == view.number() && phase != Phase.PROPOSED) {
      if (view.primary().equals(self)) {
        resume(nowNanos);
      } else if (phase == Phase.ASKING) {
        propose(ordered ? "it was told to" : view.primary() + " is silent", nowNanos);
      }
    }
    if (stored.number() == view.number()) {
      dropWhatNobodyWants();
    }
  }

  /**
   * To be called where the view is the stored one only: by an older view this host may be none of
   * its members, and yet hold the last copy there is.
   */
  private void dropWhatNobodyWants() {
    if (!unwanted || view.number() == 0 || view.hasMember(self)) {
      return;
    }
    member.say("nobody wants what is kept here: it is dropped");
    unwanted = false;
    dropped = true;
    sync = null;
    held = null;
    attachment = -1;
    store.drop();
  }

  /**
   * The view names this host, which does not lead: it was started again, or is handed the guest.
   */
  private void resume(long nowNanos) {
    if (!rules.needsNewReign(view)) {
      member.lead(view, rules.resumesFrom(store.base(), store.tail()), nowNanos);
    } else {
      propose("this host is to lead", nowNanos);
    }
  }

  private void propose(String why, long nowNanos) {
    if (!rules.mayLead(view, self, store.isWhole())) {
      phase = Phase.FOLLOWING;
      ordered = false;
      return;
    }
    View next = view.ledBy(self);
    unstage();
    takesOverFrom = rules.resumesFrom(store.base(), store.tail());
    member.say("proposing " + next + " from epoch " + takesOverFrom + ": " + why);
    phase = Phase.PROPOSED;
    proposal = next;
    askedNanos = nowNanos;
    ports.guest().prepare(takesOverFrom);
    ports.coordinator().propose(next);
  }

  private void adopt(View next, String why, long nowNanos) {
    member.say(view + " gives way to " + next + ": " + why);
    if (phase == Phase.PROPOSED) {
      ports.guest().discard();
    }
    view = next;
    phase = Phase.FOLLOWING;
    ordered = false;
    proposal = null;
    heardNanos = nowNanos;
  }

  /** Takes over from a primary that may be well; the reason against it, or empty. */
  String takeOver(long nowNanos) {
    if (!rules.mayLead(view, self, store.isWhole())) {
      return view.hasMember(self)
          ? self + " is being synchronised; wait until it is a backup"
          : self + " is not a backup; backups are " + view.backups();
    }
    if (phase == Phase.FOLLOWING) {
      member.say("taking over from " + view.primary() + ", as told");
      phase = Phase.ASKING;
      askedNanos = nowNanos;
      ports.coordinator().read();
    }
    ordered = true;
    return "";
  }

  @Override
  public void onMessage(String from, Message message, long nowNanos) {
    if (message instanceof Newer newer) {
      if (newer.view() > view.number()) {
        ports.coordinator().read();
      }
      return;
    }
    if (!rules.mayListen(view)) {
      return;
    }
    if (!rules.accepts(view.number(), message.view())) {
      ports.links().send(from, new Newer(view.number()));
      return;
    }
    if (message instanceof Beat beat && from.equals(beat.leads().primary())) {
      if (beat.view() > view.number()) {
        adopt(beat.leads(), from + " leads it", nowNanos);
      }
    } else if (message.view() > view.number()) {
      return;
    }
    if (!rules.acknowledges(phase == Phase.PROPOSED)) {
      return;
    }
    try {
      switch (message) {
        case Beat beat -> onBeat(from, beat, nowNanos);
        case Part part -> onPart(from, part, nowNanos);
        case SyncUnits units -> onSyncUnits(from, units, nowNanos);
        case Report _, SyncRequest _, Newer _ -> {}
      }
    } catch (StoreFullException | WireException e) {
      if (!full) {
        member.say("cannot follow " + view.primary() + ": " + e.getMessage());
      }
      full = true;
      unstage();
      report(from);
    }
  }

  private void onBeat(String from, Beat beat, long nowNanos) throws StoreFullException {
    if (beat.leads().reign() == reign && beat.attachment() < attachment) {
      return;
    }
    heardNanos = nowNanos;
    if (phase == Phase.ASKING && !ordered) {
      phase = Phase.FOLLOWING;
    }
    dropped = false;
    echoNanos = beat.stampNanos();
    if (beat.leads().reign() != reign || beat.attachment() != attachment) {
      attach(from, beat, nowNanos);
    }
    fold(beat.committed());
    report(from);
  }

  /**
   * Finds out how far the log is the primary's. It is up to an epoch that both hold, for logs that
   * share an epoch share all before it. A member's is up to its base in any case: that was
   * committed, so whoever leads after it holds it; or the base came by a synchronisation from a
   * reign that never committed it, and then its new primary, which does not know it, removes it.
   */
  private void attach(String from, Beat beat, long nowNanos) {
    reign = beat.leads().reign();
    attachment = beat.attachment();
    unstage();
    full = false;
    held = null;
    sync = null;
    if (store.isWhole()
        && isInLog(beat.committed())
        && (view.hasMember(self) || rules.mayJoin(hasOnly(beat.committed())))) {
      held = beat.committed();
    } else if (!view.hasMember(self)) {
      synchronise(from, nowNanos);
    } else if (store.isWhole()) {
      held = store.base();
    }
  }

  /** Whether the contents are at, or before, an epoch in the log. */
  private boolean hasOnly(EpochId id) {
    return store.tail().indexOf(store.contents()) <= store.tail().indexOf(id);
  }

  private boolean isInLog(EpochId id) {
    return store.base().equals(id) || store.tail().contains(id);
  }

  /**
   * Brings the base up to what is committed and came already; there is no way back from it.
   *
   * @param committed by the primary, maybe beyond what has come
   */
  private void fold(EpochId committed) throws StoreFullException {
    EpochId known = held;
    if (known != null) {
      EpochId upTo = committed.epoch() < known.epoch() ? committed : known;
      int place = store.tail().indexOf(upTo);
      if (place >= 0 && place <= store.tail().indexOf(known)) {
        store.commit(upTo);
        store.forget(upTo);
      }
    }
    Synchronisation running = sync;
    if (running != null && running.isDone()) {
      store.finishSync();
      sync = null;
      member.say("synchronised up to epoch " + store.base());
    }
  }

  private void onPart(String from, Part part, long nowNanos)
      throws StoreFullException, WireException {
    Synchronisation running = sync;
    if (!rules.isCurrent(attachment, part.attachment())
        || full
        || (running == null ? !store.isWhole() : !running.hasBase())) {
      return;
    }
    heardNanos = nowNanos;
    if (rules.follows(isInLog(part.parent()))) {
      if (!keepUpTo(from, part, nowNanos)) {
        return;
      }
      advance(part.parent());
      if (isInLog(part.id())) {
        advance(part.id());
      } else {
        append(part);
      }
    }
    fold(part.committed());
    report(from);
  }

  /**
   * Drops what is of another lineage than this part. What came after its parent here never
   * committed. Should it be in the contents nonetheless, nothing leads back, and this host has to
   * be synchronised; whoever joins with such contents is so beforehand.
   */
  private boolean keepUpTo(String from, Part part, long nowNanos) {
    if (!isInLog(part.id()) && isInLog(part.parent()) && !part.id().equals(staged)) {
      boolean whole = store.isWhole();
      store.truncateAfter(part.parent());
      if (whole && !store.isWhole()) {
        member.say("what is kept here is past epoch " + part.parent() + ", which others follow");
        held = null;
        if (!view.hasMember(self)) {
          synchronise(from, nowNanos);
        }
        report(from);
        return false;
      }
    }
    return true;
  }

  private void synchronise(String from, long nowNanos) {
    member.say("being synchronised by " + from);
    Synchronisation begun = new Synchronisation(member, from, attachment);
    sync = begun;
    begun.ask(view.number(), nowNanos);
  }

  private void advance(EpochId id) {
    EpochId known = held;
    if (known == null
        || store.base().equals(known)
        || store.tail().indexOf(known) < store.tail().indexOf(id)) {
      held = id;
    }
  }

  private void append(Part part) throws StoreFullException, WireException {
    if (!part.id().equals(staged)) {
      if (part.part() != 0 || !begin(part)) {
        return;
      }
    } else if (part.part() != stagedParts) {
      return;
    }
    store.stage(part.id(), part.part(), part.payload());
    stagedParts++;
    if (rules.completes(part.part(), part.parts())) {
      store.seal(part.id());
      staged = null;
      stagedParts = 0;
      held = part.id();
    }
  }

  private boolean begin(Part part) {
    if (store.tail().size() > Timeouts.RECORDS_MAX) {
      return false;
    }
    staged = part.id();
    stagedParts = 0;
    return true;
  }

  private void unstage() {
    if (staged != null) {
      store.unstage();
    }
    staged = null;
    stagedParts = 0;
  }

  private void onSyncUnits(String from, SyncUnits units, long nowNanos)
      throws StoreFullException, WireException {
    Synchronisation running = sync;
    if (running == null
        || !rules.isCurrent(attachment, units.attachment())
        || member.identity().run() != units.run()) {
      return;
    }
    heardNanos = nowNanos;
    if (running.take(units, nowNanos)) {
      if (held == null) {
        held = store.base();
      }
      fold(store.base());
      report(from);
    }
  }

  private void report(String to) {
    Synchronisation running = sync;
    ports
        .links()
        .send(
            to,
            new Report(
                view.number(),
                attachment,
                member.identity().run(),
                held == null ? EpochId.NONE : held,
                stagedParts,
                condition(),
                running == null ? 0 : running.unitsDone(),
                echoNanos));
  }

  private Condition condition() {
    if (full) {
      return Condition.FULL;
    }
    return store.isWhole() ? Condition.WHOLE : Condition.SYNCING;
  }

  @Override
  public void tick(long nowNanos) {
    if (nowNanos - lookNanos > Timeouts.GAP_NANOS_MAX) {
      heardNanos = nowNanos;
    }
    lookNanos = nowNanos;
    View proposed = proposal;
    long patienceNanos = Timeouts.COORDINATOR_RETRY_NANOS;
    switch (phase) {
      case FOLLOWING -> {
        if (nowNanos - heardNanos > suspectNanos() && rules.mayLead(view, self, store.isWhole())) {
          member.say(view.primary() + " is silent: asking the coordinator");
          phase = Phase.ASKING;
          askedNanos = nowNanos;
          ports.coordinator().read();
        }
        patienceNanos = view.number() == 0 ? patienceNanos : Timeouts.READ_NANOS;
      }
      case ASKING, PROPOSED -> {}
    }
    if (nowNanos - askedNanos >= patienceNanos) {
      askedNanos = nowNanos;
      if (phase == Phase.PROPOSED && proposed != null) {
        ports.coordinator().propose(proposed);
      } else {
        ports.coordinator().read();
      }
    }
    Synchronisation running = sync;
    if (running != null) {
      running.tick(view.number(), nowNanos);
    }
    unwanted = !dropped && nowNanos - heardNanos > Timeouts.KEEP_NANOS;
  }

  private long suspectNanos() {
    int rank = Math.max(0, view.backups().indexOf(self));
    return Timeouts.SUSPECT_NANOS + rank * Timeouts.STAGGER_NANOS;
  }
}
