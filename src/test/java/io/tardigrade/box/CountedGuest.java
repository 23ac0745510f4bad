package io.tardigrade.box;

import static org.assertj.core.api.Assertions.assertThat;

import io.tardigrade.lab.CommandResult;
import io.tardigrade.system.Probe;
import java.io.IOException;
import java.nio.file.Files;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.awaitility.Awaitility;

/**
 * A redis guest in a box, for a client outside to count in. Beside redis it runs {@link Probe},
 * which tells whether each of its processors goes on.
 */
final class CountedGuest {
  static final String NAME = "kv";
  private static final Duration LONG = Duration.ofMinutes(5);
  private static final String PROBE = "/opt/probe";
  private static final String DISK = "/var/lib/tardigrade/volumes/data.img";

  private final HostBox box;
  private final String address;
  private final int vcpus;

  private CountedGuest(HostBox box, String address, int vcpus) {
    this.box = box;
    this.address = address;
    this.vcpus = vcpus;
  }

  /**
   * What the server answers now.
   *
   * @param known the value that it was given at first
   * @param counted how far it has counted
   * @param server tells this process of the server from any other
   * @param clockSeconds its time of day
   */
  record Answers(String known, long counted, String server, double clockSeconds) {
    private static Answers of(List<String> said) {
      String server =
          said.get(2).lines().filter(l -> l.startsWith("run_id:")).findFirst().orElse("");
      String[] clock = said.get(3).split(" ", -1);
      return new Answers(
          said.get(0),
          said.get(1).isEmpty() ? 0 : Long.parseLong(said.get(1)),
          server,
          Long.parseLong(clock[0]) + Long.parseLong(clock[1]) / 1e6);
    }
  }

  /**
   * Prepares the box for resets and starts the guest, protected; what its server answers, it has
   * written to the guest's disk.
   */
  static CountedGuest start(HostBox box) throws IOException, InterruptedException {
    prepare(box);
    return start(box, 1);
  }

  /** Prepares the box for resets. */
  static void prepare(HostBox box) throws IOException {
    // That /dev/kvm runs guests here is known; 'run' would find it out by trying, for a minute.
    in(
        box,
        """
        key="$(cat /proc/sys/kernel/random/boot_id) $(uname -r) $(qemu-system-x86_64 --version | head -n 1)"
        printf '{"key":"%s","choice":{"accelerator":"KVM","reason":"known"}}' "$key" \
          >/var/lib/tardigrade/cache/kvm.json
        tardigrade host preserve --size 512M
        """);
  }

  /**
   * Starts the guest in a box that is prepared.
   *
   * @param vcpus its processors
   */
  static CountedGuest start(HostBox box, int vcpus) throws IOException, InterruptedException {
    box.push(Files.readAllBytes(Probe.program()), PROBE);
    CommandResult run =
        box.run(
            "tardigrade run --name kv --vcpus %d".formatted(vcpus)
                + " --memory 160M --volume data:/data:64M --checkpoint-interval 10s --hang-timeout 30s"
                + " --detach"
                + " --add /usr/bin/redis-server -- "
                + PROBE
                + " /usr/bin/redis-server --protected-mode no --dir /data --appendonly yes"
                + " --appendfsync always",
            LONG);
    // On a busy machine it takes longer than the command waits.
    assertThat(run.exitCode()).as(run.errorText()).isIn(0, 6);
    String address =
        in(
            box,
            "sed -n 's/.*\"address\" *: *\"\\([0-9.]*\\)\".*/\\1/p'"
                + " /var/lib/tardigrade/guests/kv/spec.json");
    CountedGuest guest = new CountedGuest(box, address, vcpus);
    assertThat(RedisQuestion.ask(address, List.of("SET known before"))).containsExactly("OK");
    for (int i = 0; i < vcpus; i++) {
      assertThat(guest.probe("pin " + i)).isEqualTo("ok");
    }
    return guest;
  }

  /** What the probe answers, as soon as it does. */
  private String probe(String question) {
    AtomicReference<String> answer = new AtomicReference<>("");
    Awaitility.await("the probe's answer to " + question)
        .atMost(LONG)
        .pollInterval(Duration.ofMillis(500))
        .ignoreExceptionsInstanceOf(IOException.class)
        .until(() -> {
          answer.set(Probe.ask(address, question));
          return !answer.get().isEmpty();
        });
    return answer.get();
  }

  /**
   * Waits until each of its processors has had another turn: a process that may run on no other has
   * gone on there.
   */
  void awaitTurnOfEachProcessor() {
    List<Long> first = turns();
    Awaitility.await("turns of " + vcpus + " processors, after " + first)
        .atMost(LONG)
        .until(() -> {
          List<Long> now = turns();
          return IntStream.range(0, vcpus).allMatch(i -> now.get(i) > first.get(i));
        });
  }

  private List<Long> turns() {
    return Stream.of(probe("turns").split(" ", -1)).map(Long::parseLong).toList();
  }

  private static String in(HostBox box, String script) throws IOException {
    return box.run(script, LONG).orThrow().text();
  }

  /** A client that counts on one connection, from where the server has counted to. */
  CountingClient count(Answers now) throws IOException {
    return new CountingClient(address, now.counted());
  }

  /** What the server answers, as soon as it does. */
  Answers ask() throws IOException, InterruptedException {
    return Answers.of(
        RedisQuestion.ask(address, List.of("GET known", "GET counter", "INFO server", "TIME")));
  }

  /**
   * As a host would find its disk that was lost now: what e2fsck does by itself at every boot makes
   * it whole. Nobody asks the guest anything meanwhile, so all that it wrote has got there.
   *
   * @return what e2fsck said
   */
  String assertDiskIsWhole() throws IOException {
    return in(
        box,
        """
        cp --sparse=always %s /tmp/copy.img
        e2fsck -fp /tmp/copy.img || [ $? = 1 ]
        rm /tmp/copy.img
        """
            .formatted(DISK));
  }

  /** The guest's newest incident. */
  String lastIncident() throws IOException {
    return in(
        box, "cat \"$(ls -t /var/lib/tardigrade/incidents/*-" + NAME + "-*.json | head -n 1)\"");
  }

  /** What the host's services have logged last. */
  String logs() {
    try {
      return box.run(
              "tail -n 60 /var/lib/tardigrade/guests/*/guardian.log /var/log/agent.log"
                  + " /var/lib/tardigrade/agent.log /var/lib/tardigrade/incidents/*.json",
              Duration.ofMinutes(2))
          .text();
    } catch (IOException e) {
      return "no logs: " + e.getMessage();
    }
  }

  /** The services of a host with an agent. */
  static List<String> services() {
    return List.of("agent tardigrade agent");
  }
}
