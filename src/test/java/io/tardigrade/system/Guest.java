package io.tardigrade.system;

import static org.assertj.core.api.Assertions.assertThat;

import io.tardigrade.guardian.GuardianClient;
import io.tardigrade.guest.GuestFiles;
import io.tardigrade.guest.GuestStatus;
import io.tardigrade.guest.Json;
import io.tardigrade.incident.Event;
import io.tardigrade.incident.Incident;
import io.tardigrade.linux.Linux;
import java.io.IOException;
import java.net.Socket;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Predicate;
import org.awaitility.Awaitility;
import org.awaitility.core.ConditionFactory;

/** A guest of a {@link TestHost}. */
final class Guest {
  /** Time for anything that takes seconds on an idle machine; tests share theirs. */
  static final Duration PATIENCE = Duration.ofSeconds(120);

  private final TestHost host;
  private final String name;

  /** What can be killed beneath a guest. */
  enum Victim {
    HYPERVISOR,
    GUARDIAN
  }

  Guest(TestHost host, String name) {
    this.host = host;
    this.name = name;
  }

  String name() {
    return name;
  }

  static ConditionFactory await(String what) {
    return Awaitility.await(what).atMost(PATIENCE).pollInterval(Duration.ofMillis(10));
  }

  /** As {@code show} tells. */
  GuestStatus show() throws IOException {
    return Json.parse("show", host.must("show", name, "-o", "json").out(), GuestStatus.class);
  }

  /** As the guardian tells, at the cost of a millisecond; empty while none answers. */
  Optional<GuestStatus> ask() {
    try {
      return Optional.of(GuardianClient.connect(host.paths(), name).status());
    } catch (IOException e) {
      return Optional.empty();
    }
  }

  /** Waits until the guardian tells what is wanted. */
  GuestStatus awaitStatus(String what, Predicate<GuestStatus> wanted) {
    return await(what).until(this::ask, s -> s.filter(wanted).isPresent()).orElseThrow();
  }

  GuestStatus awaitProtected() {
    return awaitStatus(
        name + " is protected", s -> s.state() == GuestStatus.State.RUNNING && s.spareReady());
  }

  /** Waits until {@code killed} was replaced and the guest is protected again. */
  GuestStatus awaitProtectedAfter(Victim victim, long killed) {
    return awaitStatus(
        name + " is protected after the " + victim + " " + killed + " was killed",
        s ->
            s.state() == GuestStatus.State.RUNNING
                && s.spareReady()
                && !Objects.equals(
                    victim == Victim.GUARDIAN ? s.guardian().pid() : s.hypervisor().pid(), killed));
  }

  long pid(Victim victim) {
    GuestStatus status =
        awaitStatus(
            name + " has a " + victim,
            s -> (victim == Victim.GUARDIAN ? s.guardian() : s.hypervisor()).pid() != null);
    Long pid = (victim == Victim.GUARDIAN ? status.guardian() : status.hypervisor()).pid();
    return Objects.requireNonNull(pid);
  }

  /** Kills, and returns the id of what was killed. */
  long kill(Victim victim) throws IOException {
    long pid = pid(victim);
    Linux.kill(pid, Linux.SIGKILL);
    return pid;
  }

  /** Its hypervisors, the spare among them. */
  List<Long> hypervisors() {
    String mark = "path=" + host.paths().guestRun(name) + "/h";
    return Processes.find(p -> p.commandLine().contains(mark));
  }

  /** Its spares, whether they are still loading or ready. */
  List<Long> spares() {
    String mark = "path=" + host.paths().guestRun(name) + "/h";
    return Processes.find(
        p -> p.commandLine().contains(mark) && p.commandLine().contains("-incoming"));
  }

  List<Incident> incidents() throws IOException {
    return host.incidents().list().stream().filter(i -> i.guest().equals(name)).toList();
  }

  /** Waits for an incident after the first {@code before} of them. */
  Incident awaitIncident(int before, Predicate<Incident> wanted) {
    return await("incident of " + name)
        .until(
            () -> incidents().stream().skip(before).filter(wanted).findFirst(), Optional::isPresent)
        .orElseThrow();
  }

  List<Event> events(String type) throws IOException {
    return host.events().read().stream()
        .filter(e -> e.guest().equals(name) && e.type().equals(type))
        .toList();
  }

  GuestFiles files() {
    return GuestFiles.of(host.paths(), name);
  }

  Path image() {
    return host.paths().image(name);
  }

  String console() throws IOException {
    Path log = files().consoleLog();
    return Files.exists(log)
        ? Files.readString(log, java.nio.charset.StandardCharsets.ISO_8859_1)
        : "";
  }

  String address() throws IOException {
    return files().spec().address();
  }

  /** Waits for the guest's end. */
  GuestFiles.Outcome awaitOutcome() {
    return await("outcome of " + name)
        .until(() -> files().outcome(), Optional::isPresent)
        .orElseThrow();
  }

  /** Counts with redis, on one connection. */
  CountingClient countWithRedis() throws IOException {
    return CountingClient.redis(address(), 6379);
  }

  /** Counts with the probe, on one connection. */
  CountingClient countWithProbe() throws IOException {
    return CountingClient.probe(address(), Probe.PORT);
  }

  /** Tells the probe something, without waiting for an answer, which may never come. */
  void tell(String request) throws IOException {
    try (Socket socket = Probe.open(address(), Probe.PORT, request)) {
      socket.setSoTimeout(500);
      assertThat(socket.getInputStream().read()).isNegative();
    } catch (SocketException | SocketTimeoutException e) {
      // Cut off, or told nothing: as good as closed.
    }
  }

  /** Has the guest restart itself by the probe's hand, and waits until the next boot answers. */
  void resetItself() throws IOException {
    String before = Probe.look(address()).bootId();
    tell("reset");
    awaitOtherBoot(before);
  }

  /** Waits until the probe answers in another boot than {@code before}. */
  void awaitOtherBoot(String before) {
    await("another boot of " + name)
        .ignoreExceptions()
        .until(() -> Probe.look(address()).bootId(), id -> id.length() > 30 && !id.equals(before));
  }

  void delete() {
    if (files().exists()) {
      TestHost.Result deleted = host.cli("delete", "-y", name);
      assertThat(deleted.code()).as(deleted.err()).isZero();
    }
    assertThat(hypervisors()).as("hypervisors of the deleted " + name).isEmpty();
  }
}
