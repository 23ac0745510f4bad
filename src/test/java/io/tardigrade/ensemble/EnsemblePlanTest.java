package io.tardigrade.ensemble;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class EnsemblePlanTest {
  private static Server server(int number) {
    return new Server(number, "10.9.0." + number, 7420);
  }

  private static List<Server> servers(int... numbers) {
    return IntStream.of(numbers).mapToObj(EnsemblePlanTest::server).toList();
  }

  /** A negative number is of a host that is away. */
  private static List<EnsemblePlan.Host> hosts(int... numbers) {
    return IntStream.of(numbers)
        .mapToObj(n -> new EnsemblePlan.Host(server(Math.abs(n)), n > 0))
        .toList();
  }

  @Test
  void clusterGrowsToThreeServersAtThreeHostsAndToFiveAtFive() {
    assertThat(EnsemblePlan.wanted(hosts(1), servers(1))).isEqualTo(servers(1));
    assertThat(EnsemblePlan.wanted(hosts(1, 2), servers(1))).isEqualTo(servers(1));
    assertThat(EnsemblePlan.wanted(hosts(1, 2, 3), servers(1))).isEqualTo(servers(1, 2, 3));
    assertThat(EnsemblePlan.wanted(hosts(1, 2, 3, 4), servers(1, 2, 3)))
        .isEqualTo(servers(1, 2, 3));
    assertThat(EnsemblePlan.wanted(hosts(1, 2, 3, 4, 5), servers(1, 2, 3)))
        .isEqualTo(servers(1, 2, 3, 4, 5));
    assertThat(EnsemblePlan.wanted(hosts(1, 2, 3, 4, 5, 6, 7), servers(1, 2, 3, 4, 5)))
        .isEqualTo(servers(1, 2, 3, 4, 5));
  }

  @Test
  void hostThatIsAwayKeepsItsVote() {
    assertThat(EnsemblePlan.wanted(hosts(1, -2, 3, 4), servers(1, 2, 3)))
        .isEqualTo(servers(1, 2, 3));
    assertThat(EnsemblePlan.wanted(hosts(-1, -2, 3), servers(1, 2, 3))).isEqualTo(servers(1, 2, 3));
  }

  @Test
  void nothingGrowsBeforeAllThatItNeedsAreThere() {
    assertThat(EnsemblePlan.wanted(hosts(1, 2, -3), servers(1))).isEqualTo(servers(1));
  }

  @Test
  void hostThatLeavesIsReplacedOrTheEnsembleShrinks() {
    assertThat(EnsemblePlan.wanted(hosts(1, 3, 4), servers(1, 2, 3))).isEqualTo(servers(1, 3, 4));
    assertThat(EnsemblePlan.wanted(hosts(1, 3), servers(1, 2, 3))).isEqualTo(servers(1));
    assertThat(EnsemblePlan.wanted(hosts(-1, 3), servers(1, 2, 3))).isEqualTo(servers(3));
  }

  @Test
  void beforeAnyHostIsKnownNothingChanges() {
    assertThat(EnsemblePlan.wanted(List.of(), servers(1))).isEqualTo(servers(1));
  }

  @Test
  void numberIsOddNoMoreThanHostsAndSettlesAtOnce() {
    for (long seed = 0; seed < 20_000; seed++) {
      Random random = new Random(seed);
      List<EnsemblePlan.Host> hosts = new ArrayList<>();
      List<Server> current = new ArrayList<>();
      for (int n = 1; n <= 9; n++) {
        if (random.nextInt(3) > 0) {
          hosts.add(new EnsemblePlan.Host(server(n), random.nextBoolean()));
        }
        if (random.nextInt(3) == 0) {
          current.add(server(n));
        }
      }
      List<Server> wanted = EnsemblePlan.wanted(hosts, current);
      if (!wanted.equals(current)) {
        assertThat(wanted.size()).as("seed %d", seed).isIn(1, 3, 5);
        assertThat(wanted).isSubsetOf(hosts.stream().map(EnsemblePlan.Host::server).toList());
      }
      assertThat(EnsemblePlan.wanted(hosts, wanted)).as("seed %d", seed).isEqualTo(wanted);
    }
  }

  /** Any text is an ensemble, and that only, or refused. */
  static void fuzz(byte[] bytes) {
    try {
      Ensemble ensemble = Ensemble.parse(new String(bytes, StandardCharsets.UTF_8));
      assertThat(ensemble.servers()).isNotEmpty();
    } catch (IOException e) {
      assertThat(e).hasMessageContaining("ensemble");
    }
  }

  @Test
  void whatZooKeeperTellsIsReadAndAnyOtherTextRefused() throws IOException {
    String text =
        server(2).text() + "\n" + server(1).text() + ";0.0.0.0:2181\nversion=10000000a";
    Ensemble read = Ensemble.parse(text);
    assertThat(read).isEqualTo(new Ensemble(0x10000000aL, servers(1, 2)));
    assertThat(read.clients()).isEqualTo("10.9.0.1:7421,10.9.0.2:7421");
    byte[] good = text.getBytes(StandardCharsets.UTF_8);
    fuzz(new byte[1 << 20]);
    for (long seed = 0; seed < 10_000; seed++) {
      Random random = new Random(seed);
      byte[] bytes = good.clone();
      for (int i = random.nextInt(4); i > 0; i--) {
        bytes[random.nextInt(bytes.length)] = (byte) random.nextInt();
      }
      fuzz(bytes);
    }
  }
}
