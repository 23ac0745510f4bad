package io.tardigrade.image;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What the user asks of a guest beside the program itself. What is null is taken from the image, or
 * is a sensible default.
 *
 * @param hostname the guest's name for itself
 * @param environment variables of the program, added to those of the image
 * @param workingFolder absolute path in the guest, or null
 * @param user {@code NAME}, {@code UID}, or either with {@code :GROUP}; or null for the image's
 * @param network address of the card, or null for a guest without one
 * @param volumes volumes to mount, in this order
 * @param stopGraceSeconds how long the program may take after SIGTERM before it is killed; 1 to
 *     3600
 */
public record GuestSettings(
    String hostname,
    Map<String, String> environment,
    @Nullable String workingFolder,
    @Nullable String user,
    @Nullable GuestNetwork network,
    List<GuestVolume> volumes,
    int stopGraceSeconds) {
  public GuestSettings {
    environment = Collections.unmodifiableMap(new LinkedHashMap<>(environment));
    volumes = List.copyOf(volumes);
    if (!hostname.matches("[A-Za-z0-9]([A-Za-z0-9.-]{0,61}[A-Za-z0-9])?")) {
      throw new IllegalArgumentException(
          "`" + ImageException.oneLine(hostname) + "` is no host name; expected one like kv-1");
    }
    if (stopGraceSeconds < 1 || stopGraceSeconds > 3600) {
      throw new IllegalArgumentException(
          "the time to stop is " + stopGraceSeconds + " s; expected 1 to 3600");
    }
    requireDistinct(volumes);
  }

  /** Settings of a guest that needs nothing special. */
  public static GuestSettings named(String hostname) {
    return new GuestSettings(hostname, Map.of(), null, null, null, List.of(), 10);
  }

  public GuestSettings withNetwork(@Nullable GuestNetwork other) {
    return new GuestSettings(
        hostname, environment, workingFolder, user, other, volumes, stopGraceSeconds);
  }

  public GuestSettings withVolumes(List<GuestVolume> others) {
    return new GuestSettings(
        hostname, environment, workingFolder, user, network, others, stopGraceSeconds);
  }

  public GuestSettings withUser(@Nullable String other) {
    return new GuestSettings(
        hostname, environment, workingFolder, other, network, volumes, stopGraceSeconds);
  }

  public GuestSettings withEnvironment(Map<String, String> other) {
    return new GuestSettings(
        hostname, other, workingFolder, user, network, volumes, stopGraceSeconds);
  }

  public GuestSettings withWorkingFolder(@Nullable String other) {
    return new GuestSettings(
        hostname, environment, other, user, network, volumes, stopGraceSeconds);
  }

  private static void requireDistinct(List<GuestVolume> volumes) {
    long names = volumes.stream().map(GuestVolume::name).distinct().count();
    long places = volumes.stream().map(GuestVolume::mountPoint).distinct().count();
    if (names < volumes.size() || places < volumes.size()) {
      throw new IllegalArgumentException(
          "two volumes have the same name or the same place; each needs its own");
    }
  }
}
