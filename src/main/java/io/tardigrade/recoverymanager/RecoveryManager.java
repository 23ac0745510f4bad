package io.tardigrade.recoverymanager;

import io.tardigrade.diagnosis.ArchiveIndex;
import io.tardigrade.diagnosis.Diagnosis;
import io.tardigrade.diagnosis.HostEvidence;
import io.tardigrade.guest.GuestFiles;
import io.tardigrade.guest.GuestStatus;
import io.tardigrade.guest.HostPaths;
import io.tardigrade.guest.Json;
import io.tardigrade.guest.Quantities;
import io.tardigrade.incident.Incident;
import io.tardigrade.incident.IncidentStore;
import io.tardigrade.monitor.Findings;
import io.tardigrade.monitor.HostMonitor;
import io.tardigrade.monitor.HostSource;
import io.tardigrade.monitor.MetricSample;
import io.tardigrade.monitor.ServiceId;
import io.tardigrade.monitor.ServiceSample;
import io.tardigrade.monitor.Words;
import io.tardigrade.preserve.PanicLog;
import io.tardigrade.recovery.Decision;
import io.tardigrade.recovery.Decision.Step;
import io.tardigrade.recovery.Decision.Target;
import io.tardigrade.recovery.History;
import io.tardigrade.recovery.Ladder;
import io.tardigrade.recovery.Moment;
import io.tardigrade.recovery.Observation;
import java.io.Closeable;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The recovery manager: what is seen of the host goes to the monitors, their findings to the
 * ladder, and what that decides is done. Order of every step: look → decide → keep the history →
 * act → tell. Deciding is the ladder's alone; a recycle happens at once, diagnosis and reset on
 * threads of their own, so that no guest waits for evidence.
 *
 * <p>Any thread may call it; one look at a time.
 */
public final class RecoveryManager implements Closeable {
  /** A guest that has not told what it felt by then is not waited for. */
  private static final long FELT_MILLIS_MAX = 300_000;

  /** A new installation asks what the kernel has said since then. */
  private static final long NEWS_MILLIS = 300_000;

  private final HostPaths paths;
  private final Parts parts;
  private final Consumer<String> log;
  private final HistoryFile file;
  private final MaintenanceFile maintenance;
  private final StoryWriter writer;
  private final HostEyes eyes;
  private final ResetWatch resets;
  private final HostStory story = new HostStory();
  private final HostMonitor monitor = new HostMonitor();
  private final Map<Step, Long> decisions = new EnumMap<>(Step.class);
  private final Map<String, Felt> toFeel = new HashMap<>();
  private final String bootId;
  private History history = History.NONE;
  private @Nullable Findings last;
  private List<ServiceSample> services = List.of();
  private boolean diagnosing;
  private boolean ended;
  private long lookNanos;
  private long looks;

  /**
   * What it works with.
   *
   * @param root below which proc, sys and dev of the host lie
   * @param source of the same host; closed with this
   */
  public record Parts(
      Path root, HostSource source, Services services, ResetPort reset, GuestList guests) {}

  /** What is to be told of a guest whose service was recycled. */
  private record Felt(long recoveriesBefore, long sinceMillis) {}

  /**
   * The recovery manager of the host with these paths; {@link #begin} starts it.
   *
   * @param log is told what cannot be kept or done, one line
   */
  public RecoveryManager(HostPaths paths, Parts parts, Consumer<String> log) {
    this.paths = paths;
    this.parts = parts;
    this.log = log;
    this.file = new HistoryFile(paths.state());
    this.maintenance = new MaintenanceFile(paths);
    this.writer = new StoryWriter(paths.incidents(), paths.events(), log);
    this.eyes = new HostEyes(parts.source(), parts.reset(), log);
    this.resets = new ResetWatch(paths, parts.guests(), log);
    this.bootId = parts.source().bootId();
  }

  private Moment now() {
    return new Moment(System.currentTimeMillis(), parts.source().uptimeMillis(), bootId);
  }

  /** Takes up the history where the agent before left it, and begins to look. */
  public synchronized void begin() throws IOException {
    Moment now = now();
    HistoryFile.Loaded loaded = file.load(now);
    HistoryFile.Content content = loaded.content();
    history = content.history();
    String damage = loaded.damage();
    if (damage != null) {
      log.accept(damage + "; no reset is decided on until an operator acknowledges that");
      writer.event("", "history-damaged", damage);
    }
    writer
        .leftOpen()
        .ifPresent(left -> {
          writer.goOn(left.id());
          story.goOn(left);
          if (content.bootId().equals(bootId)) {
            story.tell(Instant.ofEpochMilli(now.unixMillis()), "done", "the next agent goes on");
          }
        });
    if (content.bootId().isEmpty()) {
      // What an installation finds at its first look may be years old.
      parts.source().forgetLogBefore(now.uptimeMillis() - NEWS_MILLIS);
    } else {
      bootedAnew(now, content);
    }
    store(true);
    eyes.start();
  }

  /** A reset is judged by whichever agent of the new OS lives long enough, not just the first. */
  private void bootedAnew(Moment now, HistoryFile.Content before) {
    boolean sameBoot = before.bootId().equals(bootId);
    ResetPort.@Nullable Sealed sealed = sameBoot ? null : sealedBy(before.bootId());
    if (sealed != null && !history.awaitsEndOfResetBefore(now)) {
      history =
          history.operatorReset(new Moment(sealed.frozenAt().toEpochMilli(), 0, before.bootId()));
      Incident told = ResetStory.of(sealed);
      story.begin(told);
      writer.event("", "host-reset", told.summary());
    }
    if (history.awaitsEndOfResetBefore(now)) {
      resets.begin(now);
      long millis = now.unixMillis() - history.resets().getLast().at().unixMillis();
      if (!sameBoot) {
        story.tell(
            Instant.ofEpochMilli(now.unixMillis()),
            "done",
            "the next operating system has booted, "
                + Words.span(millis)
                + " after the reset was begun");
        tellPhases(sealed);
      }
    } else if (!sameBoot && !before.ended()) {
      lost(now, panic(before.bootId()));
    }
  }

  private void lost(Moment now, String how) {
    Instant at = Instant.ofEpochMilli(now.unixMillis());
    history = history.unplannedReset("the host was lost", now);
    String seen = ResetStory.LOST_SENTENCE + how;
    writer.event("", ResetStory.LOST, seen);
    if (!story.isOpen()) {
      story.begin(ResetStory.lost(at));
    }
    story.tell(at, "seen", seen);
    resets.begin(now);
    tellPhases(null);
  }

  /** Nobody waits for the programs that are asked. */
  private void tellPhases(ResetPort.@Nullable Sealed sealed) {
    Thread.ofVirtual()
        .name("reset-phases")
        .start(() -> {
          try {
            addPhases(new ResetPhases(sealed, parts.reset().booted()));
          } catch (IOException | RuntimeException e) {
            log.accept("where the time of the reset went cannot be told: " + e.getMessage());
          }
        });
  }

  private synchronized void addPhases(ResetPhases phases) {
    if (!ended) {
      story.addPhases(phases);
      tell();
    }
  }

  /** What the crash kernel has kept of that boot's end, if it was a panic and there is one. */
  private String panic(String boot) {
    try {
      return PanicLog.of(paths.incidents(), boot)
          .map(log ->
              ": its kernel panicked, '" + log.reason() + "'; its log is kept in " + log.file())
          .orElse("");
    } catch (IOException e) {
      log.accept("the log of a panic: " + e.getMessage());
      return "";
    }
  }

  private ResetPort.@Nullable Sealed sealedBy(String boot) {
    try {
      return parts.reset().sealedBy(boot).orElse(null);
    } catch (IOException e) {
      log.accept("who reset the host cannot be told: " + e.getMessage());
      return null;
    }
  }

  /** Looks, decides, and does what was decided. To be called once a second, and when told. */
  public synchronized void look() {
    long begun = System.nanoTime();
    Moment now = now();
    Instant at = Instant.ofEpochMilli(now.unixMillis());
    takeAcknowledgement(now);
    judgeReset(now);
    for (String guest : parts.services().recovered()) {
      history = history.recovered(ServiceId.guardian(guest));
    }
    services = parts.services().sample(now.uptimeMillis());
    Findings findings = monitor.sample(eyes.take(services, now.uptimeMillis()));
    last = findings;
    Decision decision = decide(now, findings);
    story.look(at, findings, decision);
    if (HostStory.isDeed(decision)) {
      decisions.merge(decision.step(), 1L, Long::sum);
      boolean kept = remember(decision, now);
      writer.event(guestOf(decision), eventOf(decision), HostStory.sentence(decision));
      act(decision, at, now, kept);
    }
    tellWhatWasFelt(at, now);
    tell();
    looks++;
    lookNanos += System.nanoTime() - begun;
  }

  private void tell() {
    for (Incident changed = story.takeChanged(); changed != null; changed = story.takeChanged()) {
      writer.write(changed);
    }
  }

  private Decision decide(Moment now, Findings findings) {
    HostEyes.ResetView reset = eyes.reset();
    Decision decision =
        Ladder.decide(
            new Observation(
                now,
                maintenance.isOn(),
                reset.preserved(),
                findings.services(),
                findings.signals(),
                reset.fates(),
                reset.otherRepair()),
            history);
    boolean waits = diagnosing && HostStory.isDeed(decision) && decision.step() != Step.RECYCLE;
    return waits
        ? new Decision(
            Step.WAIT,
            HostStory.COLLECTING,
            List.of(),
            "see the evidence kept first",
            List.of("evidence is being collected"))
        : decision;
  }

  /** Keeps what is about to be done; false where that failed. */
  private boolean remember(Decision decision, Moment now) {
    history = history.after(decision, now);
    // A recycle counts within this boot only, and a guest stands still meanwhile.
    return store(decision.step() != Step.RECYCLE);
  }

  private boolean store(boolean durable) {
    try {
      file.store(new HistoryFile.Content(bootId, ended, history), durable);
      return true;
    } catch (IOException e) {
      log.accept("the history cannot be kept: " + e.getMessage());
      return false;
    }
  }

  private void takeAcknowledgement(Moment now) {
    if (!maintenance.isAcknowledged()) {
      return;
    }
    history = history.acknowledgedAt(now);
    try {
      if (store(true)) {
        maintenance.clearAcknowledged();
        writer.event("", "acknowledged", "an operator has acknowledged the resets that failed");
      }
    } catch (IOException e) {
      log.accept("acknowledgement: " + e.getMessage());
    }
  }

  /** In the new OS: whether all guests are back; where the old one was reset, how that ended. */
  private void judgeReset(Moment now) {
    ResetWatch.@Nullable Verdict verdict = resets.look(now);
    if (verdict == null) {
      return;
    }
    Instant at = Instant.ofEpochMilli(now.unixMillis());
    if (history.awaitsEndOfResetBefore(now)) {
      history = history.resetEnded(verdict.missing().isEmpty(), now);
      boolean _ = store(true);
      writer.event("", verdict.event(), verdict.sentence());
    }
    story.tell(at, "done", verdict.sentence());
    verdict.felt().forEach(line -> story.tell(at, "felt", line));
  }

  private static String guestOf(Decision decision) {
    return decision.targets().size() == 1 ? decision.targets().getFirst().service().guest() : "";
  }

  private static String eventOf(Decision decision) {
    return switch (decision.step()) {
      case ADVISE -> "advised";
      case RECYCLE -> "recycled";
      case SWITCH_OVER -> "switched-over";
      case DIAGNOSE -> "diagnosed";
      case RESET -> "reset";
      case NONE, WAIT -> "decided";
    };
  }

  private void act(Decision decision, Instant at, Moment now, boolean kept) {
    switch (decision.step()) {
      case NONE, WAIT -> {}
      case ADVISE -> log.accept(HostStory.sentence(decision));
      case RECYCLE -> {
        for (Target target : decision.targets()) {
          recycle(target, decision, at, now);
        }
      }
      case SWITCH_OVER ->
          Thread.ofPlatform().name("switchover").daemon().start(() -> switchOver(decision));
      case DIAGNOSE -> {
        diagnosing = true;
        Thread.ofPlatform().name("diagnosis").daemon().start(() -> diagnose(decision, at));
      }
      case RESET -> {
        if (kept) {
          Thread.ofPlatform().name("reset").daemon().start(() -> reset(decision));
        } else {
          resetEnded("no reset: that there is one could not be written down first");
        }
      }
    }
  }

  private void recycle(Target target, Decision decision, Instant at, Moment now) {
    ServiceId service = target.service();
    String guest = service.guest();
    try {
      long before = guest.isEmpty() ? 0 : GuestFiles.of(paths, guest).recoveries().count();
      parts.services().recycle(target, HostStory.sentence(decision));
      story.tell(at, "done", "the " + service.text() + " is recycled");
      if (guest.isEmpty()) {
        story.tell(at, "felt", "nothing: no guest depends on the agent");
      } else {
        toFeel.put(guest, new Felt(before, now.uptimeMillis()));
      }
    } catch (IOException e) {
      log.accept("the " + service.text() + " could not be recycled: " + e.getMessage());
      story.tell(at, "done", "the " + service.text() + " could not be recycled: " + e.getMessage());
    }
  }

  private void tellWhatWasFelt(Instant at, Moment now) {
    toFeel
        .entrySet()
        .removeIf(entry -> {
          String guest = entry.getKey();
          try {
            GuestStatus.Recoveries recoveries = GuestFiles.of(paths, guest).recoveries();
            if (recoveries.count() > entry.getValue().recoveriesBefore()) {
              Double seconds = recoveries.lastBlackoutSeconds();
              story.tell(
                  at,
                  "felt",
                  guest
                      + " stood still for "
                      + Quantities.seconds(seconds == null ? 0 : seconds)
                      + " and went on, see incident "
                      + recoveries.lastIncident());
              return true;
            }
          } catch (IOException e) {
            log.accept("recoveries of " + guest + ": " + e.getMessage());
            return true;
          }
          return now.uptimeMillis() - entry.getValue().sinceMillis() > FELT_MILLIS_MAX;
        });
  }

  private void diagnose(Decision decision, Instant at) {
    String done;
    @Nullable String archive = null;
    try {
      String id = writer.awaitId();
      if (id == null) {
        throw new IOException("its incident cannot be written");
      }
      Path archiveFile = new IncidentStore(paths.incidents()).archive(id);
      ArchiveIndex index =
          Diagnosis.collect(
              archiveFile,
              new Diagnosis.Occasion(id, decision.cause(), decision.reasons(), at),
              HostEvidence.of(parts.root(), paths, servicesNow(), states()));
      archive =
          HostStory.ARCHIVE
              + archiveFile
              + " ("
              + index.entries().size()
              + " files, "
              + Quantities.bytes(index.bytes())
              + " unpacked, "
              + index.missing().size()
              + " not to be had)";
      done = "evidence is kept in " + archiveFile;
      Archives.prune(paths.incidents());
    } catch (IOException | RuntimeException e) {
      done = "the evidence could not be kept: " + e.getMessage();
      log.accept(done);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      done = "the evidence could not be kept: the agent ends";
    }
    diagnosed(done, archive);
  }

  private synchronized void diagnosed(String done, @Nullable String archive) {
    diagnosing = false;
    if (archive != null) {
      history = history.diagnosisKept();
      story.addArchive(archive);
    }
    boolean _ = store(true);
    story.tell(Instant.now(), "done", done);
    story.tell(Instant.now(), "felt", "nothing: no guest was touched");
    tell();
  }

  private synchronized List<ServiceSample> servicesNow() {
    return services;
  }

  private Map<String, HostEvidence.State> states() {
    Findings findings = findings();
    History known = historyNow();
    return Map.of(
        "state/guests.json", () -> Json.pretty(parts.guests().all()),
        "state/findings.json", () -> findings == null ? "{}" : Json.pretty(findings),
        "state/history.json", () -> Json.pretty(known),
        "state/agent-threads.txt", RecoveryManager::threads);
  }

  private synchronized @Nullable Findings findings() {
    return last;
  }

  private synchronized History historyNow() {
    return history;
  }

  private static String threads() {
    StringBuilder text = new StringBuilder();
    Thread.getAllStackTraces()
        .forEach((thread, frames) -> {
          text.append(thread).append(' ').append(thread.getState()).append('\n');
          for (StackTraceElement frame : frames) {
            text.append("  at ").append(frame).append('\n');
          }
        });
    return text.toString();
  }

  private void switchOver(Decision decision) {
    List<String> guests = decision.targets().stream().map(t -> t.service().guest()).toList();
    String done;
    try {
      parts.reset().switchOver(guests, decision.cause());
      done = String.join(", ", guests) + " run on other hosts";
    } catch (IOException | RuntimeException e) {
      done = "not all guests run on other hosts: " + e.getMessage();
    }
    synchronized (this) {
      log.accept(done);
      story.tell(Instant.now(), "done", done);
      tell();
    }
  }

  private void reset(Decision decision) {
    try {
      parts.reset().reset(HostStory.sentence(decision));
      resetEnded("the reset returned, and the old operating system runs on");
    } catch (IOException | RuntimeException e) {
      resetEnded("the reset failed, and the old operating system runs on: " + e.getMessage());
    }
  }

  private synchronized void resetEnded(String how) {
    log.accept(how);
    history = history.resetEnded(false, now());
    boolean _ = store(true);
    writer.event("", "reset-failed", how);
    story.tell(Instant.now(), "done", how);
    story.tell(Instant.now(), "felt", "guests stood still if they were frozen, and go on");
    tell();
  }

  /** Every figure of the monitors and of what was decided. */
  public synchronized List<MetricSample> metrics() {
    List<MetricSample> list = new ArrayList<>(monitor.metrics());
    RecoveryMetrics.add(
        list,
        new RecoveryMetrics.Figures(
            decisions,
            maintenance.isOn(),
            eyes.reset().preserved().armed(),
            history.resets().stream().filter(r -> r.outcome() == History.Outcome.FAILED).count(),
            looks,
            (eyes.cpuNanos() + lookNanos) / 1e9));
    return list;
  }

  /** The guests, for metrics. */
  public GuestList guests() {
    return parts.guests();
  }

  /** Writes down that this ends as it should. */
  @Override
  public void close() {
    synchronized (this) {
      if (ended) {
        return;
      }
      ended = true;
      boolean _ = store(false);
      story.tell(Instant.now(), "done", "the agent ends; the next one goes on");
      tell();
    }
    writer.close();
    eyes.close();
  }
}
