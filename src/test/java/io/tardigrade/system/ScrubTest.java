package io.tardigrade.system;

import static org.assertj.core.api.Assertions.assertThat;

import io.tardigrade.guest.GuestStatus;
import io.tardigrade.guest.GuestStatus.Scrub;
import io.tardigrade.incident.Incident;
import io.tardigrade.system.Guest.Victim;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Bits that flip beneath a guest whose client counts on one connection. */
@Tag("aside")
final class ScrubTest extends SystemTest {
  private static final int ANSWERS = 20;

  private Guest guest;
  private CountingClient client;
  private BitFlips flips;
  private long seed;

  @BeforeAll
  void start() throws Exception {
    guest = host().runShared("kv", "--scrub-rate", "64M", "--", Probe.program().toString());
    client = guest.countWithProbe();
    client.await(ANSWERS);
    guest.awaitProtected();
    flips = new BitFlips(guest);
  }

  @AfterAll
  void end() throws Exception {
    if (client != null) {
      client.close();
    }
  }

  /** Has the guest write its pattern anew, and waits until that is committed and at rest. */
  private void hold() throws Exception {
    seed += 1_000_000;
    assertThat(Probe.ask(guest.address(), "hold " + seed)).isEqualTo("ok");
    // The answer came with the commit; records of other pages come after it.
    client.await(3 * ANSWERS);
  }

  private String wrongWords() throws IOException {
    return Probe.ask(guest.address(), "held " + seed);
  }

  private Scrub scrub() {
    return Objects.requireNonNull(
        guest.awaitStatus("guardian answers", s -> true).protection().scrub());
  }

  private static Incident corruption(Guest guest, int before, long page) {
    return guest.awaitIncident(
        before,
        i ->
            i.cause().equals("memory-corrupted")
                && i.evidence().getFirst().startsWith("page " + page + " of guest memory"));
  }

  private static String decided(Incident incident) {
    return incident.timeline().stream()
        .filter(s -> s.kind().equals("decided"))
        .findFirst()
        .orElseThrow()
        .text();
  }

  @Test
  void bitsFlippedInTheImageAreRepairedFromTheGuestsPage() throws Exception {
    hold();
    int before = guest.incidents().size();
    Scrub at = scrub();
    long page = flips.pageHeld(seed, 7);
    byte[] right = flips.image(page);
    flips.inImage(page, 3, 99, 20_000);
    Incident incident = corruption(guest, before, page);
    assertThat(flips.image(page)).isEqualTo(right);
    assertThat(incident.outcome()).isEqualTo("repaired");
    assertThat(decided(incident)).contains("from the guest's page");
    assertThat(incident.evidence().getFirst())
        .contains("host frame 0x" + Long.toHexString(flips.frame(page)) + " (image), 0x");
    assertThat(scrub().corruptions()).isEqualTo(at.corruptions() + 1);
    assertThat(scrub().repaired()).isEqualTo(at.repaired() + 1);
    goesOn();
  }

  @Test
  void bitsFlippedInTheGuestsOwnPageAreRepairedFromTheImage() throws Exception {
    hold();
    int before = guest.incidents().size();
    long page = flips.pageHeld(seed, 8);
    flips.inGuest(page, 3, 99, 20_000);
    Incident incident = corruption(guest, before, page);
    assertThat(incident.outcome()).isEqualTo("repaired");
    assertThat(decided(incident)).contains("from the image");
    goesOn();
  }

  @Test
  void onePhysicalPageSeenTwiceIsRepairedFromItsChecksumOrToldAsLost() throws Exception {
    hold();
    long killed = guest.kill(Victim.HYPERVISOR);
    guest.awaitProtectedAfter(Victim.HYPERVISOR, killed);
    client.await(ANSWERS);

    int before = guest.incidents().size();
    long page = flips.pageHeld(seed, 9);
    flips.inImage(page, 12_345);
    assertThat(decided(corruption(guest, before, page))).contains("turn the one bit back");

    long lost = flips.pageHeld(seed, 10);
    flips.inImage(lost, 3, 99, 20_000);
    Incident incident = corruption(guest, before, lost);
    assertThat(incident.outcome()).isEqualTo("not repaired");
    GuestStatus status = guest.show();
    assertThat(status.state()).isEqualTo(GuestStatus.State.RUNNING);
    assertThat(status.reason()).contains("1 page of its memory is damaged");
    client.await(ANSWERS);
    assertThat(wrongWords()).as("words on the page lost").isEqualTo("3");

    hold();
    guest.awaitStatus("the guest has written the page anew", s -> s.reason() == null);
    goesOn();
  }

  @Test
  void guestThatWritesAllTheTimeRaisesNoAlarm() throws Exception {
    hold();
    Scrub at = scrub();
    long cpuNanos = scrubberNanos();
    assertThat(Probe.ask(guest.address(), "dirty 24 2000")).isEqualTo("ok");
    guest.awaitStatus(
        "three passes",
        s -> Objects.requireNonNull(s.protection().scrub()).passes() > at.passes() + 2);
    Scrub after = scrub();
    System.out.printf(
        "scrubber: %.1f ms of CPU per 128 MiB%n",
        (scrubberNanos() - cpuNanos) / 1e6 / (after.pages() - at.pages()) * 32_768);
    assertThat(after.corruptions()).isEqualTo(at.corruptions());
    goesOn();
  }

  /** Time on a processor of the guardian's thread (schedstat, first field). */
  private long scrubberNanos() throws IOException {
    Path tasks = Path.of("/proc/" + guest.pid(Victim.GUARDIAN) + "/task");
    try (Stream<Path> all = Files.list(tasks)) {
      for (Path task : (Iterable<Path>) all::iterator) {
        if (Files.readString(task.resolve("comm")).strip().equals("scrubber")) {
          return Long.parseLong(Files.readString(task.resolve("schedstat")).split(" ")[0]);
        }
      }
    }
    throw new AssertionError("no scrubber in " + List.of(tasks));
  }

  private void goesOn() throws Exception {
    assertThat(wrongWords()).isEqualTo("0");
    client.await(ANSWERS);
  }
}
