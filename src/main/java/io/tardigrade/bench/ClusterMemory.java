package io.tardigrade.bench;

import io.tardigrade.bench.ClusterOptions.Part;
import io.tardigrade.guest.GuestStatus;
import io.tardigrade.linux.Command;
import io.tardigrade.netlab.NamespaceHost;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * What a backup takes of its host's memory for one guest: its guardian and the hypervisor that
 * stands by, of pages shared with others their share, and all that lies in the folder of the image,
 * which is memory too. Pages of that folder that a process maps count once.
 */
final class ClusterMemory {
  private static final String GROUP = Parts.text(Part.MEMORY);
  private static final int WRITES = 200;

  private final ClusterBed bed;
  private final ClusterOptions options;
  private final Findings findings;

  ClusterMemory(ClusterBed bed, ClusterOptions options, Findings findings) {
    this.bed = bed;
    this.options = options;
    this.findings = findings;
  }

  void take() throws IOException, InterruptedException {
    for (GuestSize size : options.memory()) {
      bed.progress("memory: a backup of " + size.text());
      try (ClusterGuest guest = bed.start(1, size.option(), List.of(), ClusterBed.REDIS)) {
        ClusterGuest.At primary = guest.awaitProtected();
        try (LineClient client = guest.redis()) {
          for (int i = 0; i < WRITES; i++) {
            client.expect("SET k" + i + " 1", "+OK");
          }
        }
        GuestStatus.Replica replica = primary.status().replica();
        if (replica == null || replica.backups().isEmpty()) {
          throw new IOException("the guest has no backup");
        }
        measure(guest, bed.host(replica.backups().getFirst()), size);
      }
    }
  }

  private void measure(ClusterGuest guest, NamespaceHost host, GuestSize size) throws IOException {
    GuestStatus status =
        guest.status(host).orElseThrow(() -> new IOException("the backup does not answer"));
    Long guardian = status.guardian().pid();
    if (guardian == null) {
      throw new IOException("the backup has no guardian");
    }
    long own = ownBytes(guardian);
    long standby = 0;
    for (long child : ProcFile.children(guardian)) {
      standby += ownBytes(child);
    }
    long image = allocatedBytes(host.paths().image(guest.name()));
    double beyond = (double) (own + standby + image - size.bytes());
    Goal goal = ClusterGoals.memory(size);
    findings.add(
        Row.of(goal)
            .guarded(beyond)
            .note(
                "guardian %s, standby hypervisor %s, image and what lies beside it %s"
                    .formatted(
                        Quantity.BYTES.text((double) own),
                        Quantity.BYTES.text((double) standby),
                        Quantity.BYTES.text((double) image)))
            .judge(goal));
    // An image takes what the guest has written; what is beyond RAM would be little by that alone.
    findings.add(
        Row.info(GROUP, "on a backup beyond its image, " + size.text(), Quantity.BYTES)
            .guarded((double) (own + standby)));
  }

  /** Of a process, without what it maps of files in memory. */
  private static long ownBytes(long pid) throws IOException {
    String text = Files.readString(Path.of("/proc/" + pid + "/smaps_rollup"));
    return ProcFile.kilobytes(text, "Pss_Anon") + ProcFile.kilobytes(text, "Pss_File");
  }

  private static long allocatedBytes(Path folder) throws IOException {
    String said = Command.run("du", "-s", "-B1", folder.toString());
    return Long.parseLong(said.split("\\s+", -1)[0]);
  }
}
