package io.tardigrade.coordination;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import org.apache.curator.framework.CuratorFramework;
import org.apache.zookeeper.CreateMode;
import org.apache.zookeeper.KeeperException.NoNodeException;
import org.apache.zookeeper.data.Stat;
import org.jspecify.annotations.Nullable;

/**
 * Which hosts have said that they hold nothing of a guest's memory, though the guest's view counts
 * on them. Each says so for as long as its connection lives, and in which view it found that.
 *
 * <pre>
 *   /tardigrade/empty/ID:HOST    the view's number; ephemeral
 * </pre>
 *
 * <p>Any thread; each call waits for the service.
 */
public final class EmptyHosts {
  private static final String ROOT = "/tardigrade/empty";
  private static final Pattern NAME = Pattern.compile("[a-zA-Z0-9][a-zA-Z0-9._-]{0,62}");
  private static final Pattern NUMBER = Pattern.compile("[0-9]{1,18}");

  private final CuratorFramework client;

  EmptyHosts(CuratorFramework client) {
    this.client = client;
  }

  /**
   * {@code host} holds nothing of the guest's memory in this view; cheap where it said so before.
   */
  public void say(String id, String host, long view) throws IOException {
    String path = ROOT + "/" + checked(id) + ":" + checked(host);
    byte[] text = Long.toString(view).getBytes(StandardCharsets.UTF_8);
    try {
      Stat there = new Stat();
      if (Arrays.equals(text, read(path, there)) && there.getEphemeralOwner() == session()) {
        return;
      }
      // One of the process before this one would go with that one's session.
      client.delete().quietly().forPath(path);
      client.create().creatingParentsIfNeeded().withMode(CreateMode.EPHEMERAL).forPath(path, text);
    } catch (Exception e) {
      throw failed("saying that nothing is held of " + id, e);
    }
  }

  private byte @Nullable [] read(String path, Stat stat) throws Exception {
    try {
      return client.getData().storingStatIn(stat).forPath(path);
    } catch (NoNodeException e) {
      return null;
    }
  }

  private long session() throws Exception {
    return client.getZookeeperClient().getZooKeeper().getSessionId();
  }

  /** The hosts that hold nothing of this guest's memory, each with the view of which it said so. */
  public Map<String, Long> of(String id) throws IOException {
    Map<String, Long> empty = new HashMap<>();
    try {
      for (String name : children()) {
        if (name.startsWith(id + ":")) {
          byte[] text = read(ROOT + "/" + name, new Stat());
          add(empty, name.substring(id.length() + 1), text);
        }
      }
      return empty;
    } catch (Exception e) {
      throw failed("asking who holds nothing of " + id, e);
    }
  }

  private List<String> children() throws Exception {
    try {
      return client.getChildren().forPath(ROOT);
    } catch (NoNodeException e) {
      return List.of();
    }
  }

  private static void add(Map<String, Long> empty, String host, byte @Nullable [] bytes) {
    // It may have left meanwhile.
    String text = bytes == null ? "" : new String(bytes, StandardCharsets.UTF_8);
    if (NUMBER.matcher(text).matches()) {
      empty.put(host, Long.parseLong(text));
    }
  }

  private static String checked(String name) {
    if (!NAME.matcher(name).matches()) {
      throw new IllegalArgumentException("'" + name + "', expected up to 63 of a-z A-Z 0-9 . _ -");
    }
    return name;
  }

  private static IOException failed(String what, Exception e) {
    if (e instanceof InterruptedException) {
      Thread.currentThread().interrupt();
    }
    return new IOException(what + ": the coordination service says " + e.getMessage(), e);
  }
}
