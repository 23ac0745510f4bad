package io.tardigrade.guest;

import com.fasterxml.jackson.annotation.JsonProperty;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What {@code show NAME -o json} prints: a guest as its guardian sees it, or as its files tell
 * where no guardian answers. Times are seconds, sizes bytes.
 *
 * @param place the memory that its committed image lies in, preserved or ordinary; null where it
 *     has none, and in what a guardian says of itself
 * @param replica what it is among several hosts; null where this host alone has it
 */
public record GuestStatus(
    String name,
    State state,
    @Nullable String reason,
    String address,
    String mac,
    @JsonProperty("memory_bytes") long memoryBytes,
    int vcpus,
    String accelerator,
    String machine,
    String program,
    List<String> publish,
    List<String> volumes,
    @JsonProperty("created_at") Instant createdAt,
    ProcessStatus hypervisor,
    ProcessStatus guardian,
    @JsonProperty("spare_ready") boolean spareReady,
    Protection protection,
    Recoveries recoveries,
    @Nullable String place,
    @Nullable Replica replica) {

  /**
   * The same with where its committed image lies.
   *
   * @param known the memory: preserved or ordinary; null where there is no image
   */
  public GuestStatus at(@Nullable String known) {
    return new GuestStatus(
        name,
        state,
        reason,
        address,
        mac,
        memoryBytes,
        vcpus,
        accelerator,
        machine,
        program,
        publish,
        volumes,
        createdAt,
        hypervisor,
        guardian,
        spareReady,
        protection,
        recoveries,
        known,
        replica);
  }

  /** The same as a member of the guest's view says it. */
  public GuestStatus as(Replica told) {
    return new GuestStatus(
        name,
        state,
        reason,
        address,
        mac,
        memoryBytes,
        vcpus,
        accelerator,
        machine,
        program,
        publish,
        volumes,
        createdAt,
        hypervisor,
        guardian,
        spareReady,
        protection,
        recoveries,
        place,
        told);
  }

  /** Where a guest stands. */
  public enum State {
    /** Being booted; nothing committed yet. */
    STARTING,
    /** Runs and every output is held until committed. */
    RUNNING,
    /** Runs, but a failure now would restart it from its disk: see the reason. */
    UNPROTECTED,
    /** Being resumed from its last committed checkpoint. */
    RECOVERING,
    /** Powered off or stopped by the user. */
    STOPPED,
    /** Another host runs it; this one keeps a replica, or is being given one. */
    BACKUP,
    /** Given up after repeated failures; image and evidence are kept. */
    FAILED
  }

  /** A process, with its id or null where there is none. */
  public record ProcessStatus(
      @Nullable Long pid, @JsonProperty("memory_bytes") @Nullable Long memoryBytes) {}

  /** Median and 99th percentile since the guardian started; null before the first sample. */
  public record Quantiles(@Nullable Double p50, @Nullable Double p99, long count) {}

  /**
   * @param engine how dirty pages are found
   * @param committedEpoch newest committed epoch
   * @param pauseSeconds how long the guest stood still per checkpoint
   * @param holdSeconds how long frames waited for their commit
   * @param dirtyPages pages per checkpoint
   * @param shippedBytes bytes of pages and device state committed so far
   * @param scrub how its memory is checked for flipped bits; null where that is not known
   */
  public record Protection(
      @Nullable String engine,
      @JsonProperty("committed_epoch") long committedEpoch,
      @JsonProperty("pause_seconds") Quantiles pauseSeconds,
      @JsonProperty("hold_seconds") Quantiles holdSeconds,
      @JsonProperty("dirty_pages") Quantiles dirtyPages,
      @JsonProperty("shipped_bytes") long shippedBytes,
      @JsonProperty("frames_held") long framesHeld,
      @Nullable Scrub scrub) {

    /** Without what is known of scrubbing. */
    public Protection(
        @Nullable String engine,
        long committedEpoch,
        Quantiles pauseSeconds,
        Quantiles holdSeconds,
        Quantiles dirtyPages,
        long shippedBytes,
        long framesHeld) {
      this(
          engine,
          committedEpoch,
          pauseSeconds,
          holdSeconds,
          dirtyPages,
          shippedBytes,
          framesHeld,
          null);
    }

    /** The same with what is known of scrubbing. */
    public Protection with(Scrub known) {
      return new Protection(
          engine,
          committedEpoch,
          pauseSeconds,
          holdSeconds,
          dirtyPages,
          shippedBytes,
          framesHeld,
          known);
    }
  }

  /**
   * Checks of memory that nobody wrote, since the guardian started.
   *
   * @param bytesPerSecond of guest memory, 0 where it is off
   * @param pages checked
   * @param passes over all of guest memory
   * @param passSeconds how long the last one took; null before its end
   * @param corruptions pages found to have changed without being written
   * @param repaired of those
   */
  public record Scrub(
      @JsonProperty("bytes_per_second") long bytesPerSecond,
      long pages,
      long passes,
      @JsonProperty("pass_seconds") @Nullable Double passSeconds,
      long corruptions,
      long repaired) {}

  /**
   * The guest as one of several hosts that hold it.
   *
   * @param id by which the hosts know it
   * @param role of this host: primary or backup; busy where that cannot be told now
   * @param view number of the newest view known here, 0 for none
   * @param primary the host that runs it by that view; empty where none is known
   * @param backups of that view
   * @param text how it is protected, as in {@code 1/2 syncing 43 %}; on other hosts what it waits
   *     for where its memory is lost, or empty
   * @param takeoverSeconds where the time went when this host came to lead it last, by phase
   */
  public record Replica(
      String id,
      String role,
      long view,
      String primary,
      List<String> backups,
      String text,
      @JsonProperty("takeover_seconds") Map<String, Double> takeoverSeconds) {}

  /** Whether it runs here, or on another host by the view that is known here. */
  public boolean runsSomewhere() {
    return switch (state) {
      case RUNNING, UNPROTECTED -> true;
      case BACKUP -> replica != null && runsElsewhere(replica);
      case STARTING, RECOVERING, STOPPED, FAILED -> false;
    };
  }

  private static boolean runsElsewhere(Replica replica) {
    return replica.role().equals("backup") && !replica.primary().isEmpty();
  }

  /** Recoveries since the guest was made. */
  public record Recoveries(
      long count,
      @JsonProperty("last_cause") @Nullable String lastCause,
      @JsonProperty("last_blackout_seconds") @Nullable Double lastBlackoutSeconds,
      @JsonProperty("last_incident") @Nullable String lastIncident) {}
}
