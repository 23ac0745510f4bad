package io.tardigrade.recoverymanager;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.tardigrade.guest.GuestStatus;
import io.tardigrade.guest.HostPaths;
import io.tardigrade.incident.Event;
import io.tardigrade.incident.EventLog;
import io.tardigrade.incident.Incident;
import io.tardigrade.incident.IncidentStore;
import io.tardigrade.monitor.HostSource;
import io.tardigrade.monitor.ServiceId;
import io.tardigrade.monitor.ServiceSample;
import io.tardigrade.recovery.Decision.Target;
import io.tardigrade.recovery.GuestFate;
import io.tardigrade.recovery.History;
import io.tardigrade.recovery.Preserved;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;

/** A host whose kernel is a folder of files, and the recovery manager that looks at it. */
abstract class WatchedHost {
  static final String OOPS = "0,1,89990000000,-;Oops: 0002 [#1] PREEMPT SMP NOPTI\n";

  static final Instant BEGUN = Instant.now();

  @TempDir Path dir;
  final List<String> log = Collections.synchronizedList(new ArrayList<>());
  final Machine machine = new Machine();
  final Port port = new Port();
  final List<GuestStatus> guests = new ArrayList<>();
  HostPaths paths;
  RecoveryManager care;

  /** Services that are as a test says. */
  static final class Machine implements Services {
    ServiceSample.State guardian = ServiceSample.State.RUNNING;
    boolean gotOn;
    final List<String> recycled = Collections.synchronizedList(new ArrayList<>());
    final List<String> why = Collections.synchronizedList(new ArrayList<>());

    @Override
    public List<ServiceSample> sample(long now) {
      return List.of(
          sample(ServiceId.AGENT, ServiceSample.State.RUNNING, now),
          sample(ServiceId.guardian("kv"), guardian, now),
          sample(ServiceId.hypervisor("kv"), ServiceSample.State.RUNNING, now));
    }

    private static ServiceSample sample(ServiceId id, ServiceSample.State state, long now) {
      return new ServiceSample(id, state, 1, now, 1, 0, 1 << 30, "for a test");
    }

    @Override
    public List<String> recovered() {
      return gotOn ? List.of("kv") : List.of();
    }

    @Override
    public void recycle(Target target, String sentence) {
      recycled.add(target.service().text());
      why.add(sentence);
      guardian = ServiceSample.State.RUNNING;
    }
  }

  /** A host that could be reset, or not. */
  final class Port implements ResetPort {
    boolean armed;
    String failure = "kexec said no";
    Optional<Sealed> sealed = Optional.empty();

    Booted booted =
        new Booted(
            BEGUN.plusSeconds(1), BEGUN.plusSeconds(3), BEGUN.plusSeconds(4), BEGUN.plusSeconds(6));

    void seal(String reason) {
      sealed =
          Optional.of(
              new Sealed(
                  reason,
                  BEGUN,
                  BEGUN.plusMillis(100),
                  BEGUN.plusMillis(300),
                  "boot-0",
                  "6.1.0",
                  List.of("kv")));
    }

    final AtomicReference<History> historyAtReset = new AtomicReference<>();

    @Override
    public Preserved preserved() {
      return new Preserved(armed, armed ? "" : "for a test");
    }

    @Override
    public List<GuestFate> fates() {
      return List.of(GuestFate.alone("kv", true, "", false));
    }

    @Override
    public String otherRepair() {
      return "";
    }

    @Override
    public void switchOver(List<String> guests, String reason) {
      throw new AssertionError("no guest has a backup");
    }

    @Override
    public Optional<Sealed> sealedBy(String bootId) {
      return bootId.equals("boot-0") ? sealed : Optional.empty();
    }

    @Override
    public Booted booted() {
      return booted;
    }

    @Override
    public void reset(String reason) throws IOException {
      historyAtReset.set(new HistoryFile(paths.state()).peek());
      throw new IOException(failure);
    }
  }

  @BeforeEach
  void makeHost() throws IOException {
    paths = HostPaths.of(Map.of("TARDIGRADE_STATE", dir.resolve("state").toString()));
    put("proc/uptime", "90000.00 2000.00\n");
    put("proc/sys/kernel/random/boot_id", "boot-1\n");
    put("proc/sys/kernel/tainted", "0\n");
    put("proc/meminfo", "MemTotal: 16000000 kB\nMemFree: 8000000 kB\nAnonPages: 1000000 kB\n");
    put("dev/kmsg", "");
  }

  void put(String file, String text) throws IOException {
    Path path = dir.resolve("host").resolve(file);
    Files.createDirectories(path.getParent());
    Files.writeString(path, text);
  }

  void open() throws IOException {
    Path root = dir.resolve("host");
    care =
        new RecoveryManager(
            paths,
            new RecoveryManager.Parts(
                root,
                HostSource.under(root, List.of(), log::add),
                machine,
                port,
                () -> List.copyOf(guests)),
            log::add);
    care.begin();
  }

  @AfterEach
  void close() {
    if (care != null) {
      care.close();
    }
  }

  void lookUntil(Callable<Boolean> done) {
    await()
        .atMost(Duration.ofSeconds(20))
        .pollInterval(Duration.ofMillis(20))
        .until(() -> {
          care.look();
          return done.call();
        });
  }

  void lookFor(int millis) throws InterruptedException {
    for (int i = 0; i < millis / 20; i++) {
      care.look();
      Thread.sleep(20);
    }
  }

  History history() {
    return new HistoryFile(paths.state()).peek();
  }

  List<String> events() throws IOException {
    return new EventLog(paths.events()).read().stream().map(Event::type).toList();
  }

  Incident incident() throws IOException {
    List<Incident> all = new IncidentStore(paths.incidents()).list();
    assertThat(all).hasSize(1);
    return all.getFirst();
  }
}
