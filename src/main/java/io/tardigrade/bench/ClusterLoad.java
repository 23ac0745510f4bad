package io.tardigrade.bench;

import io.tardigrade.bench.ClusterOptions.Part;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * Whether a guest stays where it is, and keeps both its backups, while twice as many processes as
 * there are processors compute without a pause; and what a client waits then. A takeover that no
 * failure asked for is a false one; a view that changes without one took a backup away for a while.
 */
final class ClusterLoad {
  private static final String GROUP = Parts.text(Part.LOAD);
  private static final int BACKUPS = 2;

  private final ClusterBed bed;
  private final ClusterOptions options;
  private final Findings findings;

  ClusterLoad(ClusterBed bed, ClusterOptions options, Findings findings) {
    this.bed = bed;
    this.options = options;
    this.findings = findings;
  }

  void take() throws IOException, InterruptedException {
    bed.progress("load: a guest with two backups");
    List<Process> busy = new ArrayList<>();
    try (ClusterGuest guest =
            bed.start(BACKUPS, GuestSize.SMALL.option(), List.of(), ClusterBed.REDIS);
        CountingClient client = new CountingClient(guest.redis())) {
      ClusterGuest.At before = guest.awaitProtected();
      client.await(1);
      client.resetWait();
      for (int i = 0; i < 2 * Runtime.getRuntime().availableProcessors(); i++) {
        busy.add(bed.launch(List.of("sh", "-c", "while :; do :; done")));
      }
      bed.progress("load: all processors are busy for " + options.busySeconds() + " s");
      int takeovers = takeovers(guest, before.host().name());
      double waited = client.longestWaitSeconds();
      busy.forEach(Process::destroyForcibly);
      ClusterGuest.At after = guest.awaitProtected();
      client.await(1);
      Goal goal = ClusterGoals.calm(options);
      findings.add(
          Row.of(goal)
              .guarded((double) takeovers)
              .note(
                  (options.quick() ? "aimed at is an hour; " : "")
                      + busy.size()
                      + " processes that compute")
              .judge(goal));
      findings.add(
          Row.info(GROUP, "views changed meanwhile", Quantity.COUNT)
              .guarded(
                  (double)
                      (ClusterGuest.view(after.status()) - ClusterGuest.view(before.status()))));
      findings.add(
          Row.info(GROUP, "a client's longest wait meanwhile", Quantity.SECONDS).guarded(waited));
    } finally {
      busy.forEach(Process::destroyForcibly);
    }
  }

  /** How often the guest is found on another host than before, until the time is over. */
  private int takeovers(ClusterGuest guest, String host) throws IOException, InterruptedException {
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(options.busySeconds());
    String last = host;
    int takeovers = 0;
    while (System.nanoTime() - deadline < 0) {
      TimeUnit.SECONDS.sleep(1);
      String now = guest.primary().map(at -> at.host().name()).orElse(last);
      if (!now.equals(last)) {
        takeovers++;
        last = now;
      }
    }
    return takeovers;
  }
}
