package io.tardigrade.simulation;

import io.tardigrade.replication.Message;
import io.tardigrade.replication.WireException;
import io.tardigrade.replication.WireFormat;
import java.nio.ByteBuffer;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;

/**
 * The links between hosts. In order while they are calm, like the streams they are; disturbed, they
 * lose, delay, double, reorder and corrupt messages, and they may be cut in one direction: far
 * worse than a stream, on purpose, for members must not rely on one. Does not forge messages.
 */
final class SimulatedNetwork {
  private final World world;
  private final Set<String> cuts = new HashSet<>();
  private double lossShare;
  private double doubleShare;
  private double corruptShare;
  private double delayMillisMax;
  private boolean inOrder;
  private final Map<String, Long> newestNanos = new HashMap<>();

  /** Who takes what arrives. */
  interface Receiver {
    void take(String from, Message message);
  }

  SimulatedNetwork(World world) {
    this.world = world;
    calm();
  }

  void cut(String from, String to) {
    cuts.add(from + ">" + to);
  }

  void disturb(double loss, double doubled, double corrupt, double delayMillis) {
    lossShare = loss;
    doubleShare = doubled;
    corruptShare = corrupt;
    delayMillisMax = delayMillis;
    inOrder = false;
  }

  void heal() {
    cuts.clear();
    calm();
  }

  void calm() {
    disturb(0, 0, 0, 2);
    inOrder = true;
  }

  void mend(String from, String to) {
    cuts.remove(from + ">" + to);
  }

  void send(String from, String to, Message message, Receiver receiver) {
    int copies = world.chance(doubleShare) ? 2 : 1;
    for (int i = 0; i < copies; i++) {
      if (cuts.contains(from + ">" + to) || world.chance(lossShare)) {
        continue;
      }
      ByteBuffer bytes = WireFormat.encode(message);
      if (world.chance(corruptShare)) {
        int place = world.pick(0, bytes.limit());
        bytes.put(place, (byte) (bytes.get(place) ^ (1 << world.pick(0, 8))));
      }
      world.after(delayNanos(from, to), () -> arrive(from, to, bytes, receiver));
    }
  }

  private long delayNanos(String from, String to) {
    long atNanos = world.nowNanos() + world.millis(0.2, delayMillisMax);
    if (inOrder) {
      atNanos = newestNanos.merge(from + ">" + to, atNanos, Math::max);
    }
    return atNanos - world.nowNanos();
  }

  private void arrive(String from, String to, ByteBuffer bytes, Receiver receiver) {
    if (cuts.contains(from + ">" + to)) {
      return;
    }
    try {
      receiver.take(from, WireFormat.decode(bytes));
    } catch (WireException e) {
      world.log(() -> to + " refuses a message from " + from + ": " + e.getMessage());
    }
  }
}
