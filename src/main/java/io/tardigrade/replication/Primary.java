package io.tardigrade.replication;

import io.tardigrade.replication.Message.Beat;
import io.tardigrade.replication.Message.Condition;
import io.tardigrade.replication.Message.Newer;
import io.tardigrade.replication.Message.Part;
import io.tardigrade.replication.Message.Report;
import io.tardigrade.replication.Message.SyncRequest;
import io.tardigrade.replication.Message.SyncUnits;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Leads a reign: ships each captured epoch to all backups, commits what all of them hold, lets its
 * output out; removes backups that fail, and synchronises and adds others. Every change of the view
 * is a proposal to the coordinator, one at a time.
 *
 * <pre>
 *   captured ── sealed here ── shipped ── held by all of the view ── committed ── released
 * </pre>
 */
final class Primary implements Role {
  private final Member member;
  private final String self;
  private final Ports ports;
  private final Rules rules;
  private final ShippedLog log;
  private final long inherited;
  private final Map<String, Peer> peers = new LinkedHashMap<>();
  private final Map<String, Long> givenUpNanos = new HashMap<>();
  private View view;
  private @Nullable View proposal;
  private @Nullable String handOverTo;
  private boolean frozen;
  private long handOverNanos;
  private long attachments;
  private long proposedNanos;
  private long readNanos;
  private long lookNanos;
  private String lack = "";

  /** The store had no room to commit when it last was to. */
  private boolean full;

  /** Begins a reign with all that the store holds; {@code view} is stored. */
  Primary(Member member, View view, long nowNanos) {
    this.member = member;
    this.self = member.identity().host();
    this.ports = member.ports();
    this.rules = member.rules();
    this.view = view;
    this.log = new ShippedLog(ports.store());
    this.inherited = log.newest();
    this.lookNanos = nowNanos;
    this.readNanos = nowNanos;
    view.backups().forEach(backup -> attach(backup, nowNanos));
  }

  /** To be called once the guest runs. */
  void begin(long nowNanos) {
    commit();
    beat(nowNanos);
  }

  @Override
  public View view() {
    return view;
  }

  EpochId nextEpoch() {
    return new EpochId(view.reign(), log.newestId().epoch() + 1);
  }

  boolean mayCapture() {
    return handOverTo == null && !isAwaited() && rules.mayCapture(log.records(), log.bytes());
  }

  /**
   * Whether a host that is to be added is nearly there. A guest that goes on as fast as it can
   * would stay ahead of it by the length of the log for ever; it waits for a moment instead.
   */
  private boolean isAwaited() {
    return proposal == null
        && joiners().stream()
            .anyMatch(peer ->
                peer.heard
                    && peer.condition == Condition.WHOLE
                    && peer.held >= 0
                    && peer.held < log.committed());
  }

  void onCaptured(EpochId id, long nowNanos) {
    if (id.epoch() <= log.newestId().epoch()) {
      throw new IllegalArgumentException("epoch " + id + " captured, expected " + nextEpoch());
    }
    ports.store().seal(id);
    log.append(id, ports.store().parts(id), ports.store().bytes(id));
    commit();
    peers.values().forEach(peer -> ship(peer, nowNanos));
  }

  private void commit() {
    Set<String> needed = rules.holdersNeeded(view, proposal == null ? view : proposal);
    List<Long> held = new ArrayList<>();
    for (String host : needed) {
      Peer peer = peers.get(host);
      held.add(peer == null ? -1 : peer.held);
    }
    long position = log.committed();
    while (position < log.newest() && rules.isCommitted(position + 1, held)) {
      position++;
    }
    if (position > log.committed() && commit(log.idAt(position))) {
      log.commit(position);
    }
    ports.guest().release(rules.releases(log.committedId(), log.newestId()));
    long forget = log.committed();
    for (Peer peer : peers.values()) {
      forget = Math.min(forget, peer.needsAfter());
    }
    ports.store().forget(log.forget(forget));
  }

  private boolean commit(EpochId id) {
    try {
      ports.store().commit(id);
      full = false;
      return true;
    } catch (StoreFullException e) {
      if (!full) {
        member.say("cannot commit, output waits: " + e.getMessage());
      }
      full = true;
      return false;
    }
  }

  private void ship(Peer peer, long nowNanos) {
    for (long position = peer.nextToSend(log); position >= 0; position = peer.nextToSend(log)) {
      ShippedLog.Entry entry = log.entry(position);
      int part = peer.takePart(entry.parts(), nowNanos);
      ports
          .links()
          .send(
              peer.host,
              new Part(
                  view.number(),
                  peer.attachment,
                  log.committedId(),
                  entry.id(),
                  entry.parent(),
                  part,
                  entry.parts(),
                  ports.store().part(entry.id(), part)));
    }
  }

  @Override
  public void onMessage(String from, Message message, long nowNanos) {
    if (message.view() > view.number()) {
      ports.coordinator().read();
    }
    switch (message) {
      case Report report -> onReport(from, report, nowNanos);
      case SyncRequest request -> onSyncRequest(from, request, nowNanos);
      case Beat beat -> {
        if (!rules.accepts(view.number(), beat.view())) {
          ports.links().send(from, new Newer(view.number()));
        }
      }
      case Part _, SyncUnits _, Newer _ -> {}
    }
  }

  /**
   * The peer if the message is of this reign, of the peer's present attachment and of the run that
   * is known. An earlier reign of this host counted its attachments from the same number on.
   */
  private @Nullable Peer peer(
      String from, Message message, long attachment, long run, long nowNanos) {
    Peer peer = peers.get(from);
    if (peer == null
        || !rules.accepts(view.reign(), message.view())
        || !rules.isCurrent(peer.attachment, attachment)) {
      return null;
    }
    if (!peer.heard) {
      peer.heard = true;
      peer.run = run;
    } else if (peer.run != run) {
      member.say(from + " was started again: what it holds is not known");
      attach(from, nowNanos);
      return null;
    }
    return peer;
  }

  private void onReport(String from, Report report, long nowNanos) {
    Peer peer = peer(from, report, report.attachment(), report.run(), nowNanos);
    if (peer == null) {
      return;
    }
    long position = log.positionOf(report.held());
    int parts =
        position < 0 || position == log.newest()
            ? 0
            : Math.min(report.parts(), log.entry(position + 1).parts() - 1);
    peer.take(report, position, parts, nowNanos);
    if (peer.strange && !view.hasMember(from)) {
      attach(from, nowNanos);
      return;
    }
    commit();
    ship(peer, nowNanos);
    plan(nowNanos);
  }

  private void onSyncRequest(String from, SyncRequest request, long nowNanos) {
    Peer peer = peer(from, request, request.attachment(), request.run(), nowNanos);
    MemberStore store = ports.store();
    if (peer == null
        || view.hasMember(from)
        || request.first() < 0
        || request.count() < 1
        || request.count() > store.unitsAtOnce()
        || request.first() > store.units() - request.count()
        || (request.digests().hasRemaining()
            && request.digests().remaining() != request.count() * MemberStore.DIGEST_BYTES)) {
      return;
    }
    EpochId version = rules.version(log.committedId(), store.contents());
    if (peer.start < 0) {
      peer.start = log.positionOf(version);
    }
    ports
        .links()
        .send(
            from,
            new SyncUnits(
                view.number(),
                peer.attachment,
                request.run(),
                version,
                request.first(),
                request.count(),
                store.differing(request.first(), request.count(), request.digests())));
  }

  @Override
  public void onView(View stored, long nowNanos) {
    if (stored.number() <= view.number()) {
      return;
    }
    View proposed = proposal;
    if (proposed != null && rules.isWon(proposed, stored) && proposed.primary().equals(self)) {
      member.say(proposed + " is stored, after " + view);
      forgetRemoved(view, proposed, nowNanos);
      view = proposed;
      proposal = null;
      commit();
      beat(nowNanos);
      plan(nowNanos);
      return;
    }
    boolean handedOver = stored.equals(proposed);
    ports.guest().discard();
    member.follow(stored, handedOver ? "handed over" : "another view was stored", nowNanos);
    if (handedOver) {
      ports.links().send(stored.primary(), new Newer(stored.number()));
    }
  }

  private void forgetRemoved(View before, View after, long nowNanos) {
    for (String backup : before.backups()) {
      Peer peer = peers.get(backup);
      if (!after.hasMember(backup) && peer != null) {
        peers.remove(backup);
        if (peer.condition == Condition.FULL
            || peer.silenceNanos(nowNanos) > Timeouts.REMOVE_NANOS) {
          givenUpNanos.put(backup, nowNanos);
        }
      }
    }
  }

  @Override
  public void tick(long nowNanos) {
    if (nowNanos - lookNanos > Timeouts.GAP_NANOS_MAX) {
      peers.values().forEach(peer -> peer.excuse(nowNanos));
    }
    lookNanos = nowNanos;
    dropSilentJoiners(nowNanos);
    for (Peer peer : peers.values()) {
      peer.rewindIfStuck(nowNanos);
      ship(peer, nowNanos);
    }
    View proposed = proposal;
    if (proposed != null && nowNanos - proposedNanos >= Timeouts.COORDINATOR_RETRY_NANOS) {
      proposedNanos = nowNanos;
      ports.coordinator().propose(proposed);
    } else if (nowNanos - readNanos >= Timeouts.READ_NANOS) {
      readNanos = nowNanos;
      ports.coordinator().read();
    }
    plan(nowNanos);
    beat(nowNanos);
  }

  private void beat(long nowNanos) {
    for (Peer peer : peers.values()) {
      ports.links().send(peer.host, new Beat(view, peer.attachment, log.committedId(), nowNanos));
    }
  }

  private void attach(String host, long nowNanos) {
    peers.put(host, new Peer(host, ++attachments, nowNanos));
  }

  private boolean isNeeded(String host) {
    return view.hasMember(host) || (proposal != null && proposal.hasMember(host));
  }

  private void dropSilentJoiners(long nowNanos) {
    for (Peer peer : List.copyOf(peers.values())) {
      long patienceNanos = peer.heard ? Timeouts.SYNC_NANOS : Timeouts.INVITATION_NANOS_MAX;
      if (!isNeeded(peer.host)
          && (peer.silenceNanos(nowNanos) > patienceNanos || peer.condition == Condition.FULL)) {
        giveUp(peer.host, peer.condition == Condition.FULL ? "has no room" : "is silent", nowNanos);
      }
    }
    commit();
  }

  private void giveUp(String host, String why, long nowNanos) {
    member.say(host + " is not synchronised any further: it " + why);
    peers.remove(host);
    givenUpNanos.put(host, nowNanos);
  }

  /** Proposes the next change of the view, or invites hosts, if either is due. */
  private void plan(long nowNanos) {
    if (proposal != null) {
      return;
    }
    List<String> lost = view.backups().stream().filter(backup -> isLost(backup, nowNanos)).toList();
    if (!lost.isEmpty()) {
      propose(view.without(lost), String.join(" ", lost) + " does not follow", nowNanos);
    } else if (handOverTo != null) {
      planHandOver(handOverTo, nowNanos);
    } else if (view.backups().size() > member.wantedBackups()) {
      propose(view.without(List.of(view.backups().getLast())), "fewer are wanted", nowNanos);
    } else {
      dropSurplusJoiners();
      addOrInvite(nowNanos);
    }
  }

  private boolean isLost(String backup, long nowNanos) {
    Peer peer = peers.get(backup);
    return peer == null
        || peer.strange
        || peer.condition != Condition.WHOLE
        || peer.silenceNanos(nowNanos) > Timeouts.REMOVE_NANOS;
  }

  private void propose(View next, String why, long nowNanos) {
    member.say("proposing " + next + ": " + why);
    proposal = next;
    proposedNanos = nowNanos;
    ports.coordinator().propose(next);
  }

  private List<Peer> joiners() {
    return peers.values().stream().filter(peer -> !view.hasMember(peer.host)).toList();
  }

  private void dropSurplusJoiners() {
    List<Peer> joiners = joiners();
    int room = Math.max(0, member.wantedBackups() - view.backups().size());
    joiners.stream().skip(room).forEach(peer -> peers.remove(peer.host));
  }

  private void addOrInvite(long nowNanos) {
    List<Peer> joiners = joiners();
    for (Peer peer : joiners) {
      if (peer.heard && rules.mayAdd(peer.condition, peer.held, log.committed(), inherited)) {
        propose(view.with(peer.host), peer.host + " is synchronised", nowNanos);
        return;
      }
    }
    int missing = member.wantedBackups() - view.backups().size() - joiners.size();
    if (missing <= 0) {
      lack = "";
      return;
    }
    Set<String> taken = new HashSet<>(peers.keySet());
    taken.add(self);
    givenUpNanos.values().removeIf(since -> nowNanos - since > Timeouts.COOLDOWN_NANOS);
    Placement.Choice choice =
        Placement.choose(taken, missing, member.needBytes(), member.hosts(), givenUpNanos.keySet());
    lack = choice.lack();
    for (String host : choice.hosts()) {
      member.say("inviting " + host + " as a backup");
      attach(host, nowNanos);
    }
  }

  /** Starts a switchover; the reason against it, or empty. */
  String handOver(String target, long nowNanos) {
    if (!view.backups().contains(target)) {
      return target + " is not a backup; backups are " + view.backups();
    }
    if (handOverTo != null || proposal != null) {
      return "the view is being changed; try again";
    }
    member.say("switching over to " + target);
    handOverTo = target;
    handOverNanos = nowNanos;
    ports.guest().freeze();
    return "";
  }

  void onFrozen(long nowNanos) {
    if (handOverTo == null) {
      // Called off meanwhile.
      ports.guest().thaw();
      return;
    }
    frozen = true;
    plan(nowNanos);
  }

  private void planHandOver(String target, long nowNanos) {
    if (!view.backups().contains(target)
        || nowNanos - handOverNanos > Timeouts.SWITCHOVER_NANOS_MAX) {
      member.say("switchover to " + target + " is called off: it does not follow");
      handOverTo = null;
      frozen = false;
      ports.guest().thaw();
    } else if (frozen && log.committed() == log.newest()) {
      propose(view.handedTo(target), "switchover", nowNanos);
    }
  }

  List<String> attached() {
    return List.copyOf(peers.keySet());
  }

  Protection protection() {
    double units = Math.max(1, ports.store().units());
    int percent =
        joiners().stream()
            .filter(peer -> peer.heard)
            .mapToInt(peer -> (int) (99 * Math.min(1, peer.unitsDone / units)))
            .max()
            .orElse(-1);
    return new Protection(view.backups().size(), member.wantedBackups(), percent, lack);
  }
}
