package io.tardigrade.coordination;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.regex.Pattern;
import org.apache.curator.framework.CuratorFramework;
import org.apache.zookeeper.KeeperException.BadVersionException;
import org.apache.zookeeper.KeeperException.NoNodeException;
import org.apache.zookeeper.KeeperException.NodeExistsException;
import org.apache.zookeeper.data.Stat;
import org.jspecify.annotations.Nullable;

/**
 * Which host of the cluster is being repaired: at most one, so that no two of them take their
 * guests' memory from beneath them at once.
 *
 * <pre>
 *   /tardigrade/repair     HOST BOOT-ID REASON…   text; stays when its host reboots
 *   /tardigrade/clock      empty; written to be told what time it is for the service
 * </pre>
 *
 * <p>Its host takes it back when it is up again and its guests run. One that does not come back
 * keeps others from being repaired for {@link #MILLIS_MAX}, by the clock of the service: a host's
 * own may be wrong. Any thread; each call waits for the service, {@link
 * Coordination#CONNECTION_MILLIS_MAX} at most where that is out.
 */
public final class RepairRegister {
  /** A host that is not back after so long is not being repaired, but lost. */
  public static final long MILLIS_MAX = 30 * 60_000;

  private static final String PATH = "/tardigrade/repair";
  private static final String CLOCK = "/tardigrade/clock";
  private static final int REASON_CHARS_MAX = 300;
  private static final Pattern WORD = Pattern.compile("[a-zA-Z0-9][a-zA-Z0-9._-]{0,62}");

  private final CuratorFramework client;

  RepairRegister(CuratorFramework client) {
    this.client = client;
  }

  /**
   * A repair.
   *
   * @param bootId of the host's kernel when it began
   * @param since by the clock of the service
   * @param version of what is stored
   */
  public record Repair(String host, String bootId, String reason, Instant since, int version) {}

  /** The host that is being repaired; empty where none is, or none any longer. */
  public Optional<Repair> current() throws IOException {
    Optional<Repair> there = stored();
    return there.isPresent() && counts(there.get()) ? there : Optional.empty();
  }

  /** How long a repair has been going on. */
  public Duration age(Repair repair) throws IOException {
    try {
      Stat stat = new Stat();
      String _ = client.create().orSetData().storingStatIn(stat).forPath(CLOCK, new byte[0]);
      return Duration.between(repair.since(), Instant.ofEpochMilli(stat.getMtime()));
    } catch (Exception e) {
      throw failed("asking what time it is", e);
    }
  }

  /** Whether it keeps other hosts from being repaired. */
  private boolean counts(Repair repair) throws IOException {
    return age(repair).toMillis() < MILLIS_MAX;
  }

  /** What is stored, however old. */
  public Optional<Repair> stored() throws IOException {
    try {
      Stat stat = new Stat();
      byte[] text = client.getData().storingStatIn(stat).forPath(PATH);
      return Optional.of(decode(text, stat));
    } catch (NoNodeException e) {
      return Optional.empty();
    } catch (Exception e) {
      throw failed("asking which host is being repaired", e);
    }
  }

  /** What nobody can read still stands for a repair, until it is too old. */
  private static Repair decode(byte[] bytes, Stat stat) {
    String[] words = new String(bytes, StandardCharsets.UTF_8).split(" ", 3);
    Instant since = Instant.ofEpochMilli(stat.getMtime());
    boolean fits =
        words.length == 3 && WORD.matcher(words[0]).matches() && WORD.matcher(words[1]).matches();
    return fits
        ? new Repair(words[0], words[1], words[2], since, stat.getVersion())
        : new Repair("unknown", "", "what is stored cannot be read", since, stat.getVersion());
  }

  /**
   * Begins a repair of {@code host}, or goes on with its own.
   *
   * @param despite a host whose repair is overridden, as a person has decided; null for none
   * @return the repair that stands in the way; empty where it has begun
   */
  public Optional<Repair> begin(String host, String bootId, String reason, @Nullable String despite)
      throws IOException {
    byte[] text = encode(host, bootId, reason);
    try {
      Optional<Repair> there = stored();
      if (there.isEmpty()) {
        client.create().creatingParentsIfNeeded().forPath(PATH, text);
        return Optional.empty();
      }
      Repair other = there.get();
      if (!other.host().equals(host) && !other.host().equals(despite) && counts(other)) {
        return there;
      }
      client.setData().withVersion(other.version()).forPath(PATH, text);
      return Optional.empty();
    } catch (NodeExistsException | BadVersionException | NoNodeException e) {
      // Another host was quicker, or has just ended.
      Optional<Repair> other = stored();
      return other.isPresent() && !other.get().host().equals(host)
          ? other
          : begin(host, bootId, reason, despite);
    } catch (IOException e) {
      throw e;
    } catch (Exception e) {
      throw failed("beginning a repair", e);
    }
  }

  private static byte[] encode(String host, String bootId, String reason) {
    if (!WORD.matcher(host).matches() || !WORD.matcher(bootId).matches()) {
      throw new IllegalArgumentException(
          "host '" + host + "', boot '" + bootId + "', expected up to 63 of a-z A-Z 0-9 . _ -");
    }
    String line = reason.replaceAll("\\p{Cntrl}", " ");
    String kept = line.substring(0, Math.min(line.length(), REASON_CHARS_MAX));
    return (host + " " + bootId + " " + kept).getBytes(StandardCharsets.UTF_8);
  }

  /** Ends the repair of {@code host}; nothing where that is not being repaired. */
  public void end(String host) throws IOException {
    try {
      Optional<Repair> there = stored();
      if (there.isPresent() && there.get().host().equals(host)) {
        client.delete().withVersion(there.get().version()).forPath(PATH);
      }
    } catch (NoNodeException | BadVersionException e) {
      // It is another's by now, or nobody's.
    } catch (IOException e) {
      throw e;
    } catch (Exception e) {
      throw failed("ending a repair", e);
    }
  }

  private static IOException failed(String what, Exception e) {
    if (e instanceof InterruptedException) {
      Thread.currentThread().interrupt();
    }
    return new IOException(what + ": the coordination service says " + e.getMessage(), e);
  }
}
