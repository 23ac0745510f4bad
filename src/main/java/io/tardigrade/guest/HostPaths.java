package io.tardigrade.guest;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.zip.CRC32;
import org.jspecify.annotations.Nullable;

/**
 * Where an installation keeps its files. Several installations live side by side on one host, told
 * apart by their state folder; all but the default one carry an instance name made from it.
 *
 * <pre>
 *   state   /var/lib/tardigrade          survives a reboot
 *     guests/NAME/spec.json, desired, console.log, guardian.log, …
 *     volumes/VOLUME.img, VOLUME.log
 *     incidents/ID.json   events.jsonl   cache/
 *     cluster/host.json, …   where the host is one of a cluster
 *     preserved/   where preserved memory is mounted: images/NAME/…, manifest
 *   run     /run/tardigrade[-INSTANCE]   sockets and process files
 *     agent.sock  NAME/…
 *   images  /dev/shm/tardigrade[-INSTANCE]   committed images of guests that have none preserved
 * </pre>
 *
 * @param instance empty for the default installation, else 6 hexadecimal digits
 */
public record HostPaths(Path state, Path run, Path images, String instance) {
  private static final String DEFAULT_STATE = "/var/lib/tardigrade";

  /**
   * From {@code TARDIGRADE_STATE}, {@code TARDIGRADE_RUN} and {@code TARDIGRADE_IMAGES}, where they
   * are set.
   */
  public static HostPaths of(Map<String, String> environment) {
    Path state =
        Path.of(setting(environment, "TARDIGRADE_STATE", DEFAULT_STATE))
            .toAbsolutePath()
            .normalize();
    String instance = state.toString().equals(DEFAULT_STATE) ? "" : digest(state.toString());
    String suffix = instance.isEmpty() ? "" : "-" + instance;
    return new HostPaths(
        state,
        Path.of(setting(environment, "TARDIGRADE_RUN", "/run/tardigrade" + suffix))
            .toAbsolutePath(),
        Path.of(setting(environment, "TARDIGRADE_IMAGES", "/dev/shm/tardigrade" + suffix))
            .toAbsolutePath(),
        instance);
  }

  private static String setting(Map<String, String> environment, String name, String fallback) {
    @Nullable String value = environment.get(name);
    return value == null || value.isBlank() ? fallback : value;
  }

  private static String digest(String text) {
    CRC32 crc = new CRC32();
    crc.update(text.getBytes(StandardCharsets.UTF_8));
    return String.format("%08x", crc.getValue()).substring(0, 6);
  }

  public Path guests() {
    return state.resolve("guests");
  }

  public Path guest(String name) {
    return guests().resolve(name);
  }

  public Path spec(String name) {
    return guest(name).resolve("spec.json");
  }

  public Path volumes() {
    return state.resolve("volumes");
  }

  public Path incidents() {
    return state.resolve("incidents");
  }

  public Path events() {
    return state.resolve("events.jsonl");
  }

  public Path cache() {
    return state.resolve("cache");
  }

  /** What makes this host one of a cluster; {@code cluster.ClusterConfig} reads it. */
  public Path cluster() {
    return state.resolve("cluster");
  }

  /** What this machine proves itself with to hosts of a cluster that it is none of. */
  public Path client() {
    return state.resolve("client");
  }

  /** Sockets of one guest's guardian. */
  public Path guestRun(String name) {
    return run.resolve(name);
  }

  /**
   * Where memory that outlives the host's operating system is mounted, if the host has any; {@code
   * host preserve} says how.
   */
  public Path preserved() {
    return state.resolve("preserved");
  }

  /** Committed images that a reset of the host leaves as they are. */
  public Path preservedImages() {
    return preserved().resolve("images");
  }

  /** Committed image of one guest: in preserved memory if it has one there. */
  public Path image(String name) {
    Path preserved = preservedImages().resolve(name);
    return Files.isDirectory(preserved) ? preserved : images.resolve(name);
  }

  /** What is kept beside a replicated guest's image; no guest can have this name. */
  public Path replica(String name) {
    return image(name).resolveSibling(name + ".replica");
  }
}
