package io.tardigrade.cluster;

import io.tardigrade.replication.Coordinator;
import io.tardigrade.replication.EpochId;
import io.tardigrade.replication.GuestControl;
import io.tardigrade.replication.HeapStore;
import io.tardigrade.replication.Links;
import io.tardigrade.replication.Message;
import io.tardigrade.replication.Ports;
import io.tardigrade.replication.View;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

/** What a member by itself acts through: nobody answers, and what it says and proposes is kept. */
public final class LonePorts implements Links, Coordinator, GuestControl {
  /** A message, and when it was sent. */
  public record Sent(String to, Message message, long atNanos) {}

  public final HeapStore store = new HeapStore();
  public final List<Sent> sent = new CopyOnWriteArrayList<>();
  public final List<View> proposed = new CopyOnWriteArrayList<>();

  public Ports ports() {
    return new Ports(this, this, store, this, line -> {});
  }

  @Override
  public void send(String host, Message message) {
    sent.add(new Sent(host, message, System.nanoTime()));
  }

  @Override
  public void read() {}

  @Override
  public void propose(View next) {
    proposed.add(next);
  }

  @Override
  public void prepare(EpochId from) {}

  @Override
  public void run(EpochId from) {}

  @Override
  public void release(EpochId upTo) {}

  @Override
  public void freeze() {}

  @Override
  public void thaw() {}

  @Override
  public void discard() {}
}
