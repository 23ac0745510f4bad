package io.tardigrade.bench;

import io.tardigrade.guest.GuestFiles;
import io.tardigrade.guest.GuestSpec;
import io.tardigrade.guest.HostPaths;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import tools.jackson.databind.JsonNode;

/**
 * QEMU's own live migration of a redis guest with our kernel and RAM from h1 to h2, over their
 * link, while a client counts in it. QEMU's own network does not come along, so the client's
 * connection is lost; it is asked at the other end at once, by one that has no need to be told
 * where the guest is, which is in favour of the migration.
 */
final class LiveMigration {
  private static final long MIGRATED_NANOS_MAX = TimeUnit.MINUTES.toNanos(2);
  private static final int PORT = 16_379;
  private static final int MIGRATION_PORT = 16_444;
  private static final int ASK_MILLIS_MAX = 1000;
  private static final long ANSWERS_BEFORE = 200;

  private final ClusterBed bed;

  LiveMigration(ClusterBed bed) {
    this.bed = bed;
  }

  /** In seconds: what clients waited, what QEMU calls downtime, and each from its beginning. */
  record Seen(Samples client, Samples downtime, Samples whole) {}

  Seen take(int times) throws IOException, InterruptedException {
    Seen seen = new Seen(new Samples(), new Samples(), new Samples());
    // Its files are what is booted; it ends first, for it would take processors.
    try (ClusterGuest guest =
        bed.start(0, GuestSize.SMALL.option(), List.of("--unprotected"), ClusterBed.REDIS)) {
      var _ = guest.awaitProtected();
      for (int i = 0; i < times; i++) {
        migrate(guest, seen);
      }
    }
    return seen;
  }

  private void migrate(ClusterGuest guest, Seen seen) throws IOException, InterruptedException {
    HostPaths h1 = bed.host("h1").paths();
    GuestSpec spec = GuestFiles.of(h1, guest.name()).spec();
    String to = bed.host("h2").address();
    Path folder = bed.folder().resolve("migration");
    try (PlainHypervisor source =
            PlainHypervisor.start(
                place("h1", h1, folder, PlainHypervisor.NOT_INCOMING), spec, null);
        PlainHypervisor target =
            PlainHypervisor.start(place("h2", h1, folder, MIGRATION_PORT), spec, null)) {
      try (LineClient first = connect(bed.host("h1").address());
          CountingClient client = new CountingClient(first)) {
        client.await(ANSWERS_BEFORE);
        // The default is for networks that others need too.
        source.execute(
            "{\"execute\":\"migrate-set-parameters\",\"arguments\":{\"max-bandwidth\":10737418240}");
        long begin = System.nanoTime();
        source.execute(
            "{\"execute\":\"migrate\",\"arguments\":{\"uri\":\"tcp:%s:%d\"}"
                .formatted(to, MIGRATION_PORT));
        JsonNode told = awaitEnd(source);
        seen.whole.add((System.nanoTime() - begin) / 1e9);
        seen.downtime.add(told.path("downtime").asDouble(0) / 1000);
        try (LineClient _ = connect(to)) {
          seen.client.add(client.sinceLastAnswerSeconds());
        }
      }
      target.execute("{\"execute\":\"query-status\"");
    }
  }

  private PlainHypervisor.Place place(String host, HostPaths files, Path folder, int incoming)
      throws IOException {
    return new PlainHypervisor.Place(
        bed::launch,
        bed.host(host).inside(List.of()),
        files,
        folder.resolveSibling(folder.getFileName() + "-" + host),
        "0.0.0.0",
        PORT,
        LineClient.REDIS_PORT,
        incoming);
  }

  private static LineClient connect(String address) throws IOException, InterruptedException {
    long deadline = System.nanoTime() + MIGRATED_NANOS_MAX;
    while (true) {
      try {
        return LineClient.open(address, PORT, "PING", "+PONG", ASK_MILLIS_MAX);
      } catch (IOException e) {
        if (System.nanoTime() - deadline > 0) {
          throw new IOException("the migrated guest does not answer: " + e.getMessage(), e);
        }
        Thread.sleep(1);
      }
    }
  }

  private static JsonNode awaitEnd(PlainHypervisor source)
      throws IOException, InterruptedException {
    long deadline = System.nanoTime() + MIGRATED_NANOS_MAX;
    while (System.nanoTime() - deadline < 0) {
      JsonNode told = source.execute("{\"execute\":\"query-migrate\"");
      String status = told.path("status").asString("");
      if (status.equals("completed")) {
        return told;
      }
      if (status.equals("failed") || status.equals("cancelled")) {
        throw new IOException("QEMU's migration ended: " + told);
      }
      Thread.sleep(5);
    }
    throw new IOException("QEMU's migration does not end");
  }
}
