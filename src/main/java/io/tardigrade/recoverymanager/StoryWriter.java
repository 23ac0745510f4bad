package io.tardigrade.recoverymanager;

import io.tardigrade.incident.EventLog;
import io.tardigrade.incident.Incident;
import io.tardigrade.incident.IncidentStore;
import java.io.Closeable;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Writes incidents and events behind those who act: a disk that is slow, or gone, holds up nobody.
 * What is more than {@link #QUEUED_MAX} behind is told to the log and lost. Any thread.
 */
final class StoryWriter implements Closeable {
  static final int QUEUED_MAX = 256;
  private static final long ID_SECONDS_MAX = 30;

  private final IncidentStore store;
  private final EventLog events;
  private final Consumer<String> log;
  private final AtomicInteger queued = new AtomicInteger();
  private final ExecutorService writer =
      Executors.newSingleThreadExecutor(Thread.ofPlatform().name("journal").daemon().factory());

  /** Completed with the id of the incident that is open. */
  private CompletableFuture<String> id = new CompletableFuture<>();

  StoryWriter(Path incidents, Path events, Consumer<String> log) {
    this.store = new IncidentStore(incidents);
    this.events = new EventLog(events);
    this.log = log;
  }

  /** The host's incident that an agent before this one did not tell to its end. */
  Optional<Incident> leftOpen() {
    try {
      return store.newestOf(HostStory.HOST, i -> i.outcome().equals(HostStory.UNDER_WAY));
    } catch (IOException e) {
      log.accept("incident: " + e.getMessage());
      return Optional.empty();
    }
  }

  /** What is written from now on replaces the incident with this id. */
  synchronized void goOn(String known) {
    id = CompletableFuture.completedFuture(known);
  }

  /** Keeps the newest state of an incident; the first one makes it. */
  synchronized void write(Incident incident) {
    CompletableFuture<String> given = id;
    submit(() -> {
      String known = given.getNow("");
      if (known.isEmpty()) {
        given.complete(store.save(incident).id());
      } else {
        store.update(incident.withId(known));
      }
    });
    if (incident.outcome().equals("over")) {
      id = new CompletableFuture<>();
    }
  }

  /** The id of the incident that is open; null where it cannot be written. */
  @Nullable String awaitId() throws InterruptedException {
    CompletableFuture<String> wanted;
    synchronized (this) {
      wanted = id;
    }
    try {
      return wanted.get(ID_SECONDS_MAX, TimeUnit.SECONDS);
    } catch (ExecutionException | TimeoutException e) {
      return null;
    }
  }

  /** Adds to the event log. */
  void event(String guest, String type, String message) {
    submit(() -> events.append(guest, type, message));
  }

  private interface Write {
    void run() throws IOException;
  }

  private void submit(Write write) {
    if (queued.incrementAndGet() > QUEUED_MAX) {
      queued.decrementAndGet();
      log.accept("incidents and events cannot be written as fast as they come; some are lost");
      return;
    }
    try {
      writer.execute(() -> {
        try {
          write.run();
        } catch (IOException | RuntimeException e) {
          log.accept("incident: " + e.getMessage());
        } finally {
          queued.decrementAndGet();
        }
      });
    } catch (RejectedExecutionException e) {
      log.accept("an incident could not be written, for the agent ends");
    }
  }

  /** Waits a little for what is still to be written. */
  @Override
  public void close() {
    writer.shutdown();
    try {
      if (!writer.awaitTermination(1, TimeUnit.SECONDS)) {
        log.accept("incidents were still being written when the agent ended");
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
