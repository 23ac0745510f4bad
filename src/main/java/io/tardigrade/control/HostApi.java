package io.tardigrade.control;

import io.tardigrade.guest.GuestStatus;
import io.tardigrade.incident.Event;
import io.tardigrade.incident.Incident;
import io.tardigrade.preserve.Place;
import io.tardigrade.recoverymanager.Maintenance;
import java.io.IOException;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * What can be asked of a host about its guests. All methods throw {@link
 * io.tardigrade.launch.RefusedException} and {@link io.tardigrade.guest.UsageException} with the
 * one line that a user is shown, and {@link IOException} where something failed. Any thread.
 */
public interface HostApi {
  /** All guests by name; one whose files cannot be read is among them as failed. */
  List<GuestStatus> guests() throws IOException;

  /** One guest. */
  GuestStatus guest(String name) throws IOException;

  /**
   * Makes a guest and starts it; returns when it runs, or has already run to its end.
   *
   * @param progress is told, in a few words, what takes time; where it throws {@link
   *     java.util.concurrent.CancellationException}, nothing is left of the guest
   */
  GuestStatus run(RunRequest request, Consumer<String> progress)
      throws IOException, InterruptedException;

  /** Boots a guest that has ended; nothing happens where it runs. */
  GuestStatus start(String name, Consumer<String> progress)
      throws IOException, InterruptedException;

  /**
   * Stops a guest and returns when it has ended; nothing happens where it has.
   *
   * @param timeoutMillis how long it may take by itself
   */
  GuestStatus stop(String name, long timeoutMillis) throws IOException, InterruptedException;

  /**
   * Moves a running guest's committed image; returns when it runs again. Nothing happens where it
   * lies there.
   *
   * @param progress is told, in a few words, what takes time
   */
  GuestStatus move(String name, Place to, Consumer<String> progress)
      throws IOException, InterruptedException;

  /**
   * Does what is asked about a guest's replication, whichever host of the cluster it runs on;
   * returns when it is done.
   *
   * @param progress is told, in a few words, what takes time
   */
  void replicate(String name, ReplicationRequest request, Consumer<String> progress)
      throws IOException, InterruptedException;

  /** Stops a guest and takes away everything of it but its volumes. */
  void delete(String name) throws IOException, InterruptedException;

  /**
   * What happened on this host, oldest first.
   *
   * @param guest only that of this guest, or null for all
   */
  List<Event> events(@Nullable String guest) throws IOException;

  /** As {@link #events}, and goes on with what happens until the thread is interrupted. */
  void follow(@Nullable String guest, Consumer<Event> consumer) throws IOException;

  /** Incidents, oldest first; of one guest, or of all where {@code guest} is null. */
  List<Incident> incidents(@Nullable String guest) throws IOException;

  /** The incident whose id is, or as the only one begins with, {@code id}. */
  Incident incident(String id) throws IOException;

  /** Whether the recovery ladder only advises, and what stands between it and a reset. */
  Maintenance maintenance() throws IOException;

  /**
   * Turns maintenance on or off; nothing happens where it is so already.
   *
   * @param reason one line, or empty
   */
  Maintenance maintain(boolean on, String reason) throws IOException;

  /** An operator has understood the resets that failed, and they are no longer in the way. */
  Maintenance acknowledge() throws IOException;

  /** Its cluster, if it is of one. */
  default ClusterApi cluster() {
    return ClusterApi.NONE;
  }

  /** The host, and whether it is fit for guests; trying that out takes seconds. */
  HostFacts host() throws IOException;
}
