package io.tardigrade.replication;

import java.util.List;

/**
 * One host's part in one guest's views: the guest's primary, a backup, or neither. The edges call
 * it, from one thread at a time, with what happened and the time of a monotonic clock; it acts
 * through {@link Ports} before the call returns. It is to be called ({@link #tick}) at least every
 * {@link Timeouts#BEAT_NANOS}.
 *
 * <p>Nothing of it is kept over a restart but the store: a member started again knows nobody, asks
 * the coordinator, and goes on from there.
 */
public final class Member {
  private final Identity identity;
  private final Ports ports;
  private final Rules rules;
  private Role role;
  private int wantedBackups;
  private long needBytes;
  private List<HostRoom> hosts = List.of();

  /** Starts, knowing no view; asks for it. */
  public Member(Identity identity, Ports ports, Rules rules, long nowNanos) {
    this.identity = identity;
    this.ports = ports;
    this.rules = rules;
    this.role = new Backup(this, View.NONE, nowNanos);
  }

  /** How many backups are wished for, and how much memory each needs. */
  public void protect(int backups, long bytes) {
    if (backups < 0 || backups > View.BACKUPS_MAX) {
      throw new IllegalArgumentException(
          backups + " backups, expected are 0 to " + View.BACKUPS_MAX);
    }
    wantedBackups = backups;
    needBytes = bytes;
  }

  /** The hosts that there are, whenever that changes. */
  public void onHosts(List<HostRoom> known) {
    hosts = List.copyOf(known);
  }

  /** The view stored at the coordinator at some time since it was last asked. */
  public void onView(View stored, long nowNanos) {
    role.onView(stored, nowNanos);
  }

  /** A message, from whom it is proved to be. */
  public void onMessage(String from, Message message, long nowNanos) {
    role.onMessage(from, message, nowNanos);
  }

  /** Time has passed. */
  public void tick(long nowNanos) {
    role.tick(nowNanos);
  }

  /**
   * Whether the guest may be stopped for another checkpoint. Where not, backups are behind: epochs
   * grow longer meanwhile, and memory does not.
   */
  public boolean mayCapture() {
    return role instanceof Primary primary && primary.mayCapture();
  }

  /** The id of the next checkpoint; its parts are staged in the store under it. */
  public EpochId nextEpoch() {
    if (role instanceof Primary primary) {
      return primary.nextEpoch();
    }
    throw new IllegalStateException("no guest runs here");
  }

  /** A checkpoint is staged completely. Ignored where the guest was discarded meanwhile. */
  public void onCaptured(EpochId id, long nowNanos) {
    if (role instanceof Primary primary && id.reign() == primary.view().reign()) {
      primary.onCaptured(id, nowNanos);
    }
  }

  /** The checkpoint of {@link GuestControl#freeze} was handed in. */
  public void onFrozen(long nowNanos) {
    if (role instanceof Primary primary) {
      primary.onFrozen(nowNanos);
    }
  }

  /** Begins a switchover; returns the reason against it in one line, or an empty string. */
  public String switchOver(String target, long nowNanos) {
    return role instanceof Primary primary
        ? primary.handOver(target, nowNanos)
        : "the guest does not run on " + identity.host();
  }

  /**
   * Takes over from the primary, which need not have failed; what it did that no backup holds is
   * lost, and was never let out. Returns the reason against it in one line, or an empty string.
   */
  public String failOver(long nowNanos) {
    return role instanceof Backup backup
        ? backup.takeOver(nowNanos)
        : "the guest runs on " + identity.host() + " already";
  }

  /** Whether the guest runs here, as far as this host knows. */
  public boolean leads() {
    return role instanceof Primary;
  }

  /** Whether the newest view known names this host, which may be on its way to lead. */
  public boolean isPrimary() {
    return view().primary().equals(identity.host());
  }

  /** The newest view that this host knows. */
  public View view() {
    return role.view();
  }

  /**
   * The hosts that hold the guest with this one, or are being synchronised; told by its primary.
   */
  public List<String> attached() {
    return role instanceof Primary primary ? primary.attached() : List.of();
  }

  /** How the guest is protected; told by its primary only. */
  public Protection protection() {
    return role instanceof Primary primary ? primary.protection() : Protection.NONE;
  }

  void lead(View view, EpochId from, long nowNanos) {
    say("leading " + view + " from epoch " + from);
    Primary primary = new Primary(this, view, nowNanos);
    role = primary;
    ports.guest().run(from);
    primary.begin(nowNanos);
  }

  void follow(View view, String why, long nowNanos) {
    say("stepping down for " + view + ": " + why);
    role = new Backup(this, view, nowNanos);
  }

  void say(String line) {
    ports.journal().say(line);
  }

  Identity identity() {
    return identity;
  }

  Ports ports() {
    return ports;
  }

  Rules rules() {
    return rules;
  }

  int wantedBackups() {
    return wantedBackups;
  }

  long needBytes() {
    return needBytes;
  }

  List<HostRoom> hosts() {
    return hosts;
  }
}
