package io.tardigrade.system;

import static org.assertj.core.api.Assertions.assertThat;

import io.tardigrade.linux.Command;
import io.tardigrade.system.Guest.Victim;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/**
 * Fifty failures at random moments beneath a guest that serves redis, with its append-only file on
 * a volume, and at once writes records to that volume. Whatever a client was told is there in the
 * end, on the disk as well.
 */
final class ManyKillsTest extends SystemTest {
  private static final int HYPERVISORS = 40;
  private static final int GUARDIANS = 10;
  private static final int RECORD_BYTES = 64;

  @Test
  void fiftyKillsLoseNothingThatAClientWasTold() throws Exception {
    long seed = Long.getLong("seed", System.nanoTime());
    System.out.println("ManyKillsTest: -Dseed=" + seed);
    Guest guest =
        host()
            .run(
                "many",
                "--volume",
                "many:/data:256M",
                "--add",
                "/usr/bin/redis-server",
                "--",
                Probe.program().toString(),
                "/usr/bin/redis-server",
                "--protected-mode",
                "no",
                "--dir",
                "/data",
                "--appendonly",
                "yes",
                "--appendfsync",
                "always");
    long counted;
    long recorded;
    try (CountingClient counter = guest.countWithRedis();
        CountingClient records = CountingClient.records(guest.address(), "/data/records")) {
      killAll(guest, counter, records, new Random(seed));
      guest.awaitProtected();
      counter.await(20);
      records.await(5);
      assertThat(guest.show().recoveries().count()).isGreaterThanOrEqualTo(HYPERVISORS);
      counted = counter.answers();
      recorded = records.last();
    }
    assertThat(guest.console()).as("the guest booted once").containsOnlyOnce("probe serves");
    host().must("stop", guest.name());
    checkVolume(counted, recorded);
  }

  private static void killAll(
      Guest guest, CountingClient counter, CountingClient records, Random random) throws Exception {
    List<Victim> victims = new ArrayList<>(Collections.nCopies(HYPERVISORS, Victim.HYPERVISOR));
    victims.addAll(Collections.nCopies(GUARDIANS, Victim.GUARDIAN));
    Collections.shuffle(victims, random);
    counter.await(20);
    records.await(5);
    guest.awaitProtected();
    for (Victim victim : victims) {
      counter.await(1);
      records.await(1);
      Thread.sleep(50 + random.nextInt(550));
      guest.kill(victim);
    }
  }

  /** Reads the file system itself, without the kernel and without mending anything. */
  private void checkVolume(long counted, long recorded) throws Exception {
    Path volume = host().paths().volumes().resolve("many.img");
    Command.run("e2fsck", "-fn", volume.toString());
    Path folder = host().folder("volume");
    Command.run("debugfs", "-R", "rdump / " + folder, volume.toString());
    byte[] records = Files.readAllBytes(folder.resolve("records"));
    assertThat(records.length % RECORD_BYTES).isZero();
    assertThat(records.length / RECORD_BYTES).isGreaterThanOrEqualTo((int) recorded);
    for (int n = 1; n <= records.length / RECORD_BYTES; n++) {
      String record =
          new String(records, (n - 1) * RECORD_BYTES, RECORD_BYTES, StandardCharsets.ISO_8859_1);
      assertThat(record).matches("%020d 0{42}\n".formatted(n));
    }
    checkAppendOnlyFile(folder.resolve("appendonlydir"), counted);
  }

  private static void checkAppendOnlyFile(Path folder, long counted) throws Exception {
    Command.run("redis-check-aof", folder.resolve("appendonly.aof.manifest").toString());
    long increments = 0;
    try (Stream<Path> files = Files.list(folder)) {
      for (Path file : files.filter(f -> f.toString().endsWith(".incr.aof")).toList()) {
        String text = Files.readString(file, StandardCharsets.ISO_8859_1);
        increments += text.split("counter\r\n", -1).length - 1;
      }
    }
    assertThat(increments).isGreaterThanOrEqualTo(counted);
  }
}
