package io.tardigrade.simulation;

import io.tardigrade.replication.View;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Consumer;

/**
 * The coordinator: one stored view, changed by compare-and-set, one request after the other. It may
 * be out, cut off from hosts, and slow; requests and answers may be lost, doubled and late, a
 * request also after its host has died. What it has stored it keeps.
 */
final class SimulatedCoordinator {
  private final World world;
  private final Set<String> cutOff = new HashSet<>();
  private final Set<View> proposals = new LinkedHashSet<>();
  private View stored;
  private boolean out;
  private double lossShare;
  private double delayMillisMax = 3;

  SimulatedCoordinator(World world, View first) {
    this.world = world;
    this.stored = first;
  }

  View stored() {
    return stored;
  }

  /** Views that are stored or may yet be. */
  List<View> possible() {
    List<View> possible = new ArrayList<>();
    possible.add(stored);
    proposals.stream().filter(p -> p.number() > stored.number()).forEach(possible::add);
    return possible;
  }

  void setOut(boolean isOut) {
    out = isOut;
  }

  void disturb(double loss, double delayMillis) {
    lossShare = loss;
    delayMillisMax = delayMillis;
  }

  void cutOff(String host) {
    cutOff.add(host);
  }

  void mend(String host) {
    cutOff.remove(host);
  }

  void heal() {
    cutOff.clear();
    out = false;
    disturb(0, 3);
  }

  boolean isReachedBy(String host) {
    return !out && !cutOff.contains(host);
  }

  void read(String host, Consumer<View> answer) {
    request(host, () -> answer(host, stored, answer));
  }

  void propose(String host, View next, Consumer<View> answer) {
    proposals.add(next);
    request(
        host,
        () -> {
          if (next.number() == stored.number() + 1) {
            stored = next;
            proposals.removeIf(p -> p.number() <= next.number());
            world.log(() -> "coordinator stores " + next + " for " + host);
          }
          answer(host, stored, answer);
        });
  }

  private void request(String host, Runnable request) {
    int copies = world.chance(lossShare / 4) ? 2 : 1;
    for (int i = 0; i < copies; i++) {
      if (!isReachedBy(host) || world.chance(lossShare)) {
        continue;
      }
      world.after(
          world.millis(0.2, delayMillisMax),
          () -> {
            if (isReachedBy(host)) {
              request.run();
            }
          });
    }
  }

  private void answer(String host, View view, Consumer<View> answer) {
    if (world.chance(lossShare)) {
      return;
    }
    world.after(
        world.millis(0.2, delayMillisMax),
        () -> {
          if (isReachedBy(host)) {
            answer.accept(view);
          }
        });
  }
}
