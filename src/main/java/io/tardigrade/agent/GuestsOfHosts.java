package io.tardigrade.agent;

import io.tardigrade.cluster.ClusterConfig;
import io.tardigrade.cluster.KnownHost;
import io.tardigrade.control.HostClient;
import io.tardigrade.control.HostGuests;
import io.tardigrade.coordination.HostInfo;
import io.tardigrade.guest.GuestStatus;
import io.tardigrade.guest.Json;
import io.tardigrade.launch.RefusedException;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.TreeMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.FutureTask;
import tools.jackson.databind.JsonNode;

/** Asks all hosts of a cluster at once for their guests. */
final class GuestsOfHosts {
  private static final Duration PATIENCE = Duration.ofSeconds(4);

  private final HostClient client;

  GuestsOfHosts(HostClient client) {
    this.client = client;
  }

  private record Place(String address, int port) {}

  /**
   * What they answer, by host; waits for the slowest, seconds at most.
   *
   * @param own this host, which is asked like the others
   * @param known the cluster's hosts
   * @param present those that are heard of; others are not waited for
   */
  List<HostGuests> ask(ClusterConfig own, List<KnownHost> known, List<HostInfo> present)
      throws InterruptedException {
    TreeMap<String, Place> places = new TreeMap<>();
    places.put(own.name(), new Place(own.address(), own.port()));
    present.stream()
        .filter(host -> host.role().equals(ClusterConfig.FULL))
        .forEach(host -> places.put(host.name(), new Place(host.address(), host.port())));
    List<HostGuests> answers = new ArrayList<>();
    for (KnownHost host : known) {
      if (host.role().equals(ClusterConfig.FULL) && !places.containsKey(host.name())) {
        answers.add(new HostGuests(host.name(), List.of(), "is not heard of"));
      }
    }
    List<Future<HostGuests>> asked = new ArrayList<>();
    places.forEach((name, place) -> {
      FutureTask<HostGuests> task = new FutureTask<>(() -> ask(name, place));
      Thread.ofVirtual().name("guests-of-" + name).start(task);
      asked.add(task);
    });
    for (Future<HostGuests> each : asked) {
      try {
        answers.add(each.get());
      } catch (ExecutionException e) {
        throw new IllegalStateException("asking a host for its guests failed", e);
      }
    }
    answers.sort(Comparator.comparing(HostGuests::host));
    return answers;
  }

  private HostGuests ask(String name, Place place) throws InterruptedException {
    try {
      JsonNode answer =
          client.get(place.address(), place.port(), "/v1/guests", JsonNode.class, PATIENCE);
      List<GuestStatus> guests = new ArrayList<>();
      for (JsonNode guest : answer) {
        guests.add(Json.parse("what host " + name + " says", guest.toString(), GuestStatus.class));
      }
      return new HostGuests(name, guests, "");
    } catch (IOException | RefusedException e) {
      String why = String.valueOf(e.getMessage()).lines().findFirst().orElse("");
      return new HostGuests(name, List.of(), "does not answer: " + why);
    }
  }
}
