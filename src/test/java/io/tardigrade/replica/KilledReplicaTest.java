package io.tardigrade.replica;

import static org.assertj.core.api.Assertions.assertThat;

import io.tardigrade.linux.Linux;
import io.tardigrade.replication.EpochId;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A process with a primary's and a backup's store is killed with SIGKILL at random moments. */
@Tag("system")
@Tag("aside")
class KilledReplicaTest {
  private static final int KILLS = 8;

  @TempDir(factory = MemoryFolder.class)
  Path folder;

  /** The victim: says "sealed E" once an epoch is sealed on the backup, and goes on without end. */
  public static void main(String[] arguments) throws Exception {
    try (Pair pair = new Pair(Path.of(arguments[0]), Long.parseLong(arguments[1]), false)) {
      pair.restartPrimary();
      pair.reign = Long.parseLong(arguments[1]);
      if (!pair.backup.isWhole()) {
        pair.sync();
      }
      pair.catchUp();
      while (true) {
        EpochId id = pair.epoch();
        pair.ship(id);
        System.out.println("sealed " + id.epoch());
        System.out.flush();
        if (pair.random.nextInt(3) > 0 || pair.primary.tail().size() > 2) {
          pair.settle();
        }
      }
    }
  }

  @Test
  void whatABackupSealedIsThereAndTheSameOnBoth() throws Exception {
    long seed = 5;
    Random random = new Random(seed);
    try (Pair founded = new Pair(folder, seed)) {
      founded.commitAlone();
    }
    for (int kill = 1; kill <= KILLS; kill++) {
      long sealed = runAndKill(10 + kill, 50 + random.nextInt(700));
      try (Pair left = new Pair(folder, seed, false)) {
        String what = "seed " + seed + ", kill " + kill;
        assertThat(left.primary.isWhole()).as(what).isTrue();
        left.primary.bringToNewest();
        if (left.backup.isWhole()) {
          assertThat(left.backup.newest().epoch()).as(what).isGreaterThanOrEqualTo(sealed);
          left.backup.bringToNewest();
          left.catchUp();
          left.backup.bringToNewest();
          assertThat(left.backup.contents()).as(what).isEqualTo(left.primary.contents());
          Snapshot.of(left.primary).check(Snapshot.of(left.backup), what);
        }
      }
    }
  }

  private long runAndKill(long reign, int millis) throws Exception {
    Process victim =
        new ProcessBuilder(
                List.of(
                    String.valueOf(ProcessHandle.current().info().command().orElseThrow()),
                    "--enable-native-access=ALL-UNNAMED",
                    "-cp",
                    System.getProperty("java.class.path"),
                    KilledReplicaTest.class.getName(),
                    folder.toString(),
                    String.valueOf(reign)))
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start();
    long sealed = 0;
    try (BufferedReader said =
        new BufferedReader(
            new InputStreamReader(victim.getInputStream(), StandardCharsets.US_ASCII))) {
      String first = said.readLine();
      assertThat(first).as("it gets on").startsWith("sealed ");
      Thread.sleep(millis);
      Linux.kill(victim.pid(), Linux.SIGKILL);
      for (String line = first; line != null; line = said.readLine()) {
        if (line.matches("sealed [0-9]+")) {
          sealed = Math.max(sealed, Long.parseLong(line.substring(7)));
        }
      }
    }
    assertThat(victim.waitFor()).isNotZero();
    return sealed;
  }
}
