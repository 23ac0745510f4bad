package io.tardigrade.agent;

import io.tardigrade.control.ClusterApi;
import io.tardigrade.control.HostGuests;
import io.tardigrade.control.HostStatus;
import io.tardigrade.launch.RefusedException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A cluster of two hosts, one of which is away. */
final class FakeCluster implements ClusterApi {
  boolean none;
  boolean left;
  @Nullable Path kernel;
  private final List<HostStatus> hosts =
      new ArrayList<>(
          List.of(
              new HostStatus(
                  "a",
                  "full",
                  "east",
                  "10.9.0.1",
                  7420,
                  HostStatus.State.READY,
                  "0.1.0",
                  2,
                  1L << 30,
                  true),
              new HostStatus(
                  "b", "witness", "", "10.9.0.2", 7420, HostStatus.State.AWAY, "", 0, 0, false)));

  private void check() {
    if (none) {
      throw ClusterApi.none();
    }
  }

  @Override
  public List<HostStatus> hosts() {
    check();
    return List.copyOf(hosts);
  }

  @Override
  public HostStatus host(String name) {
    return hosts().stream()
        .filter(host -> host.name().equals(name))
        .findFirst()
        .orElseThrow(() -> RefusedException.notFound("no host " + name));
  }

  @Override
  public List<HostGuests> guests() {
    check();
    return List.of(
        new HostGuests("a", List.of(), ""), new HostGuests("b", List.of(), "is not heard of"));
  }

  @Override
  public String token(String role, long validSeconds) {
    check();
    return "tdg-" + role + "-" + validSeconds;
  }

  @Override
  public void removeHost(String name) {
    hosts.remove(host(name));
  }

  @Override
  public void leave() {
    check();
    left = true;
  }

  @Override
  public Path bootFile(String guest, String which) {
    check();
    if (which.equals("kernel") && kernel != null) {
      return kernel;
    }
    throw RefusedException.notFound("guest has no " + which);
  }
}
