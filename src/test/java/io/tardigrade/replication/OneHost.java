package io.tardigrade.replication;

import java.util.ArrayList;
import java.util.List;

/** A member by itself, on a clock that stands still; what it does is kept to be looked at. */
final class OneHost implements Links, Coordinator, GuestControl {
  static final String NAME = "b";
  static final long MINUTE = 60_000_000_000L;

  record Sent(String to, Message message) {}

  final HeapStore store = new HeapStore();
  final List<Sent> sent = new ArrayList<>();
  final List<View> proposed = new ArrayList<>();
  int reads;
  EpochId output = EpochId.NONE;
  boolean runs;
  long nowNanos = 5;
  private Member member = start();

  Member member() {
    return member;
  }

  Member start() {
    member =
        new Member(
            new Identity(NAME, 1),
            new Ports(this, this, store, this, line -> {}),
            new Rules(),
            nowNanos);
    return member;
  }

  /** Lets the clock go on, and the member look as often as it should. */
  void pass(long nanos) {
    for (long end = nowNanos + nanos; nowNanos < end; ) {
      nowNanos += Timeouts.BEAT_NANOS;
      member.tick(nowNanos);
      sent.clear();
    }
  }

  void view(long number, String primary, String... backups) {
    view(new View(number, 1, primary, List.of(backups)));
  }

  void view(View stored) {
    member.onView(stored, nowNanos);
  }

  /** Leads a reign of its own, with these backups. */
  void lead(long number, String... backups) {
    view(number, NAME, backups);
    view(proposed.getLast());
  }

  EpochId capture() throws StoreFullException {
    EpochId id = member.nextEpoch();
    store.stage(id, 0, java.nio.ByteBuffer.allocate(10));
    member.onCaptured(id, nowNanos);
    return id;
  }

  void hears(String from, Message message) {
    member.onMessage(from, message, nowNanos);
  }

  @Override
  public void send(String host, Message message) {
    sent.add(new Sent(host, message));
  }

  @Override
  public void read() {
    reads++;
  }

  @Override
  public void propose(View next) {
    proposed.add(next);
  }

  @Override
  public void prepare(EpochId from) {}

  @Override
  public void run(EpochId from) {
    runs = true;
  }

  @Override
  public void release(EpochId upTo) {
    output = upTo;
  }

  @Override
  public void freeze() {}

  @Override
  public void thaw() {}

  @Override
  public void discard() {
    runs = false;
  }
}
