package io.tardigrade.box;

import static org.assertj.core.api.Assertions.assertThat;

import io.tardigrade.lab.CommandResult;
import java.io.IOException;
import java.time.Duration;
import java.util.List;

/** A redis guest in preserved memory of a box, for a client outside to count in. */
final class CountedGuest {
  static final String NAME = "kv";
  private static final Duration LONG = Duration.ofMinutes(5);

  private final HostBox box;
  private final String address;

  private CountedGuest(HostBox box, String address) {
    this.box = box;
    this.address = address;
  }

  /** Prepares the box for resets and starts the guest, protected. */
  static CountedGuest start(HostBox box) throws IOException {
    // That /dev/kvm runs guests here is known; 'run' would find it out by trying, for a minute.
    in(
        box,
        """
        tardigrade host preserve --size 512M
        key="$(cat /proc/sys/kernel/random/boot_id) $(uname -r) $(qemu-system-x86_64 --version | head -n 1)"
        printf '{"key":"%s","choice":{"accelerator":"KVM","reason":"known"}}' "$key" \
          >/var/lib/tardigrade/cache/kvm.json
        """);
    CommandResult run =
        box.run(
            "tardigrade run --name kv --checkpoint-interval 1s --detach"
                + " -- redis-server --protected-mode no",
            LONG);
    // On a busy machine it takes longer than the command waits.
    assertThat(run.exitCode()).as(run.errorText()).isIn(0, 6);
    String address =
        in(
            box,
            "sed -n 's/.*\"address\" *: *\"\\([0-9.]*\\)\".*/\\1/p'"
                + " /var/lib/tardigrade/guests/kv/spec.json");
    CountedGuest guest = new CountedGuest(box, address);
    assertThat(guest.redis("SET known before")).isEqualTo("OK");
    return guest;
  }

  private static String in(HostBox box, String script) throws IOException {
    return box.run(script, LONG).orThrow().text();
  }

  /** A client that counts on one connection. */
  CountingClient count() throws IOException {
    String value = redis("GET counter");
    return new CountingClient(address, value.isEmpty() ? 0 : Long.parseLong(value));
  }

  /** Tells this process of the server from any other. */
  String server() throws IOException {
    return redis("INFO server").lines().filter(l -> l.startsWith("run_id:")).findFirst().orElse("");
  }

  /** Asks the server, as soon as it answers. */
  String redis(String command) throws IOException {
    return in(
        box,
        """
        for i in $(seq 300); do
          answer=$(timeout 10 redis-cli -h %s %s) && [ "${answer#LOADING}" = "$answer" ] &&
            echo "$answer" && exit 0
          sleep 1
        done
        exit 1
        """
            .formatted(address, command));
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
