package io.tardigrade.replica;

import static org.assertj.core.api.Assertions.assertThat;

import io.tardigrade.replication.EpochId;
import io.tardigrade.replication.View;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Members with the stores they have in earnest. Wherever a guest runs, it is what it was when the
 * epoch was captured, byte for byte; and in the end all hosts hold the same.
 */
class MembersTest {
  private static final long SECOND = 1000 * TestNet.MILLI;
  private static final int SEEDS = 8;

  @TempDir(factory = MemoryFolder.class)
  Path folder;

  private final Map<String, TestHost> hosts = new LinkedHashMap<>();
  private final List<String> said = new ArrayList<>();
  private TestNet net = new TestNet(0, View.first("a"));

  private void begin(long seed) throws IOException {
    net = new TestNet(seed, View.first("a"));
    hosts.clear();
    said.clear();
    for (String name : List.of("a", "b", "c")) {
      Path of = Files.createDirectories(folder.resolve("seed-" + seed).resolve(name));
      hosts.put(name, new TestHost(name, TestGuest.files(of), net, hosts, said));
    }
    for (TestHost host : hosts.values()) {
      host.start(host.name.equals("a"));
    }
  }

  @AfterEach
  void end() throws IOException {
    for (TestHost host : hosts.values()) {
      if (host.isUp()) {
        host.store().close();
      }
    }
  }

  private TestHost host(String name) {
    TestHost host = hosts.get(name);
    if (host == null) {
      throw new AssertionError(name);
    }
    return host;
  }

  private TestHost primary() {
    return host(net.stored.primary());
  }

  private boolean isProtected() {
    return primary().isUp()
        && primary().runs()
        && primary().member().protection().text().equals("2/2");
  }

  private void awaitProtected() throws Exception {
    for (int i = 0; i < 1000 && !isProtected(); i++) {
      net.play(10 * TestNet.MILLI);
    }
    assertThat(isProtected()).as("protected; %s", said).isTrue();
  }

  /** Lets the guest rest until everything is committed everywhere, and compares. */
  private void checkAllAlike() throws Exception {
    awaitProtected();
    hosts.values().forEach(host -> host.rest(true));
    net.play(SECOND);
    EpochId last = primary().store().base();
    Snapshot expected = net.snapshots.get(last);
    assertThat(net.released()).as("%s", said).isEqualTo(last);
    for (TestHost host : hosts.values()) {
      assertThat(host.store().tail()).as(host.name).isEmpty();
      assertThat(host.store().base()).as("%s; %s", host.name, said).isEqualTo(last);
      if (expected != null) {
        expected.check(Snapshot.of(host.store()), host.name + " at the end, " + last);
      }
    }
    assertThat(hosts.values().stream().filter(TestHost::runs)).hasSize(1);
  }

  @Test
  void allHostsHoldTheSame() throws Exception {
    begin(101);
    checkAllAlike();
    assertThat(net.released().epoch()).isGreaterThan(5);
  }

  @Test
  void backupGoesOnFromTheLastEpochThatClientsSaw() throws Exception {
    begin(102);
    awaitProtected();
    net.play(SECOND / 5);
    TestHost first = primary();
    first.crash(true);
    net.play(SECOND);
    assertThat(primary()).isNotSameAs(first);
    assertThat(primary().runs()).isTrue();
    first.start(false);
    checkAllAlike();
  }

  @Test
  void guestIsSwitchedOverAndBack() throws Exception {
    begin(103);
    awaitProtected();
    for (String target : List.of("b", "c", "a")) {
      assertThat(primary().member().switchOver(target, net.nowNanos)).isEmpty();
      net.play(SECOND / 2);
      assertThat(primary().name).as("%s", said).isEqualTo(target);
      awaitProtected();
    }
    checkAllAlike();
  }

  /** It ran epochs that nobody else holds, and that nobody will: it has to forget them. */
  @Test
  void primaryThatWasCutOffForgetsWhatOnlyItHolds() throws Exception {
    begin(104);
    awaitProtected();
    TestHost first = primary();
    cutOff(first);
    net.play(SECOND / 20);
    // What it captured since is in its contents now, as after any failure of a hypervisor.
    first.hypervisorDies();
    EpochId alone = first.store().contents();
    assertThat(alone.epoch()).isGreaterThan(net.released().epoch());
    net.play(SECOND);
    assertThat(primary()).isNotSameAs(first);
    net.cut.clear();
    checkAllAlike();
    assertThat(said).filteredOn(line -> line.contains("a: being synchronised")).hasSize(1);
  }

  /** As before, but all it lacks it has, and more: it must not become a member with that. */
  @Test
  void hostWhoseContentsNeverCommittedIsSynchronisedBeforeItJoins() throws Exception {
    begin(105);
    awaitProtected();
    TestHost first = primary();
    cutOff(first);
    net.play(SECOND / 20);
    hosts.values().forEach(host -> host.rest(host != first));
    first.hypervisorDies();
    net.play(SECOND);
    assertThat(primary()).isNotSameAs(first);
    net.cut.clear();
    net.play(SECOND / 4);
    assertThat(said).filteredOn(line -> line.contains("a: being synchronised")).hasSize(1);
    hosts.values().forEach(host -> host.rest(false));
    net.play(SECOND / 4);
    checkAllAlike();
    assertThat(said).noneMatch(line -> line.contains("which others follow"));
  }

  private void cutOff(TestHost host) {
    net.cut.add(host.name);
    hosts.keySet().forEach(name -> net.cut.add(host.name + ">" + name));
  }

  @Test
  void hostsHoldTheSameAfterWhateverHappens() throws Exception {
    int takeovers = 0;
    for (long seed = 1; seed <= SEEDS; seed++) {
      begin(seed);
      for (int i = 0; i < 25; i++) {
        net.play(net.random.nextInt((int) (SECOND / 4)));
        befall();
      }
      heal();
      checkAllAlike();
      takeovers += hosts.values().stream().mapToInt(host -> host.takeovers).sum();
      end();
    }
    assertThat(takeovers).isGreaterThan(3 * SEEDS);
  }

  private void befall() throws Exception {
    TestHost any = host(List.of("a", "b", "c").get(net.random.nextInt(3)));
    TestHost target = net.random.nextBoolean() ? primary() : any;
    switch (net.random.nextInt(8)) {
      case 0, 1 -> crash(target, net.random.nextBoolean());
      case 2 -> net.cut.add(target.name + ">" + any.name);
      case 3 -> cutOff(target);
      case 4 -> {
        if (primary().isUp() && primary().member().leads()) {
          String _ = primary().member().switchOver(any.name, net.nowNanos);
        }
      }
      case 5 -> {
        if (target.isUp()) {
          target.hypervisorDies();
        }
      }
      default -> heal();
    }
  }

  private void crash(TestHost target, boolean lose) throws Exception {
    boolean lost = lose && net.proposals == 0 && isProtected();
    if (target.isUp()) {
      target.crash(lost);
    }
  }

  private void heal() throws Exception {
    net.cut.clear();
    for (TestHost host : hosts.values()) {
      if (!host.isUp()) {
        host.start(false);
      }
    }
  }
}
