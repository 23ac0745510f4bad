package io.tardigrade.image;

import static java.util.Objects.requireNonNull;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayDeque;
import java.util.Collections;
import java.util.Deque;
import java.util.Map;
import java.util.NavigableMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * The files a guest finds in its initramfs, gathered in memory by absolute guest path. Paths of the
 * host keep their place; links on the way to a file are kept as links.
 */
final class FileTree {
  private static final int ENTRIES_MAX = 200_000;
  private static final long BYTES_MAX = 2L << 30;
  private static final int LINKS_MAX = 40;

  static final int TYPE_MASK = 0170000;
  static final int FOLDER = 0040000;
  static final int FILE = 0100000;
  static final int LINK = 0120000;
  static final int CHARACTER_DEVICE = 0020000;

  /**
   * One entry. Content is in {@code source} (a file of the host) or in {@code bytes} (a small file,
   * or the target of a link). The mode is type and permissions as in {@code st_mode}.
   */
  static final class Node {
    private final int mode;
    private final int uid;
    private final int gid;
    private final @Nullable Path source;
    private final byte[] bytes;
    private final long sizeBytes;

    Node(int mode, int uid, int gid, @Nullable Path source, byte[] bytes, long sizeBytes) {
      this.mode = mode;
      this.uid = uid;
      this.gid = gid;
      this.source = source;
      this.bytes = bytes.clone();
      this.sizeBytes = sizeBytes;
    }

    int mode() {
      return mode;
    }

    int uid() {
      return uid;
    }

    int gid() {
      return gid;
    }

    @Nullable Path source() {
      return source;
    }

    byte[] bytes() {
      return bytes.clone();
    }

    long sizeBytes() {
      return sizeBytes;
    }

    int type() {
      return mode & TYPE_MASK;
    }

    String linkTarget() {
      return new String(bytes, StandardCharsets.UTF_8);
    }
  }

  private static final byte[] NOTHING = new byte[0];

  private final TreeMap<String, Node> nodes = new TreeMap<>();
  private long totalBytes;

  /** All entries; a folder comes before what it holds. */
  NavigableMap<String, Node> nodes() {
    return Collections.unmodifiableNavigableMap(nodes);
  }

  /** What the files hold together. */
  long totalBytes() {
    return totalBytes;
  }

  boolean contains(String path) {
    return nodes.containsKey(path);
  }

  /** Adds a file with the given content, replacing one that is there. */
  void file(String path, byte[] content, int permissions) throws ImageException {
    parents(path);
    put(path, new Node(FILE | permissions, 0, 0, null, content, content.length));
  }

  void file(String path, String content, int permissions) throws ImageException {
    file(path, content.getBytes(StandardCharsets.UTF_8), permissions);
  }

  void folder(String path, int permissions) throws ImageException {
    parents(path);
    Node there = nodes.get(path);
    if (there == null || there.type() == FOLDER) {
      put(path, new Node(FOLDER | permissions, 0, 0, null, NOTHING, 0));
    }
  }

  void link(String path, String target) throws ImageException {
    parents(path);
    if (!nodes.containsKey(path)) {
      byte[] bytes = target.getBytes(StandardCharsets.UTF_8);
      put(path, new Node(LINK | 0777, 0, 0, null, bytes, bytes.length));
    }
  }

  /** A character device; {@code bytes} hold its major and minor number. */
  void characterDevice(String path, int major, int minor, int permissions) throws ImageException {
    parents(path);
    byte[] numbers = {(byte) major, (byte) minor};
    put(path, new Node(CHARACTER_DEVICE | permissions, 0, 0, null, numbers, 0));
  }

  /** Adds a file of the host at {@code path}, following links; its owner and permissions stay. */
  void hostFile(String path, Path source) throws IOException {
    String resolved = resolve(path);
    if (resolved.equals("/") || isFolder(resolved)) {
      throw new ImageException(path + " is a folder in the guest; a file cannot take its place");
    }
    parents(resolved);
    put(resolved, hostNode(source));
  }

  /** Adds a file of the host at the path it has there, with every link on the way to it. */
  void hostPath(Path path) throws IOException {
    Deque<String> left = new ArrayDeque<>();
    path.toAbsolutePath().forEach(part -> left.add(part.toString()));
    Path at = Path.of("/");
    int links = 0;
    while (!left.isEmpty()) {
      String part = left.remove();
      if (part.equals("..")) {
        at = at.getParent() == null ? at : at.getParent();
        continue;
      }
      Path next = at.resolve(part).normalize();
      if (Files.isSymbolicLink(next)) {
        if (++links > LINKS_MAX) {
          throw new ImageException(path + " has too many links on its way");
        }
        Path target = Files.readSymbolicLink(next);
        link(next.toString(), target.toString());
        for (int i = target.getNameCount() - 1; i >= 0; i--) {
          left.addFirst(target.getName(i).toString());
        }
        at = target.isAbsolute() ? Path.of("/") : at;
      } else {
        parents(next.toString());
        if (!nodes.containsKey(next.toString())) {
          put(next.toString(), left.isEmpty() ? hostNode(next) : wayTo(hostNode(next)));
        }
        at = next;
      }
    }
  }

  /** Adds a folder of the host with all it holds at {@code path}; links in it stay links. */
  void hostFolder(String path, Path source) throws IOException {
    String root = resolve(path);
    Files.walkFileTree(
        source,
        new SimpleFileVisitor<>() {
          @Override
          public FileVisitResult preVisitDirectory(Path folder, BasicFileAttributes attributes)
              throws IOException {
            String at = below(root, source.relativize(folder));
            if (!at.equals("/")) {
              parents(at);
              put(at, hostNode(folder));
            }
            return FileVisitResult.CONTINUE;
          }

          @Override
          public FileVisitResult visitFile(Path file, BasicFileAttributes attributes)
              throws IOException {
            String at = below(root, source.relativize(file));
            if (attributes.isSymbolicLink()) {
              link(at, Files.readSymbolicLink(file).toString());
            } else if (attributes.isRegularFile()) {
              put(at, hostNode(file));
            }
            // Sockets, pipes and devices mean nothing outside the host.
            return FileVisitResult.CONTINUE;
          }
        });
  }

  private static String below(String root, Path relative) {
    return Path.of(root).resolve(relative).normalize().toString();
  }

  /** Where {@code path} leads when the links gathered so far are followed. */
  private String resolve(String path) throws ImageException {
    Path at = Path.of("/");
    Deque<String> left = new ArrayDeque<>();
    Path.of("/").resolve(path).normalize().forEach(part -> left.add(part.toString()));
    int links = 0;
    while (!left.isEmpty()) {
      Path next = at.resolve(left.remove()).normalize();
      Node node = nodes.get(next.toString());
      if (node == null || node.type() != LINK) {
        at = next;
        continue;
      }
      if (++links > LINKS_MAX) {
        throw new ImageException(path + " has too many links on its way");
      }
      Path target = Path.of(node.linkTarget());
      for (int i = target.getNameCount() - 1; i >= 0; i--) {
        left.addFirst(target.getName(i).toString());
      }
      at = target.isAbsolute() ? Path.of("/") : at;
    }
    return at.toString();
  }

  private boolean isFolder(String path) {
    Node node = nodes.get(path);
    return node != null && node.type() == FOLDER;
  }

  private void parents(String path) throws ImageException {
    for (int slash = path.indexOf('/', 1); slash > 0; slash = path.indexOf('/', slash + 1)) {
      String parent = path.substring(0, slash);
      Node node = nodes.get(parent);
      if (node == null) {
        put(parent, new Node(FOLDER | 0755, 0, 0, null, NOTHING, 0));
      } else if (node.type() != FOLDER && node.type() != LINK) {
        throw new ImageException(parent + " is a file in the guest; " + path + " cannot lie in it");
      }
    }
  }

  private void put(String path, Node node) throws ImageException {
    Node before = nodes.put(path, node);
    totalBytes += node.sizeBytes - (before == null ? 0 : before.sizeBytes);
    if (nodes.size() > ENTRIES_MAX || totalBytes > BYTES_MAX) {
      throw new ImageException(
          "the guest's files are more than 200,000 or larger than 2 GiB together; "
              + "put large data on a volume");
    }
  }

  /** A private folder of the host hides its files from other users; the guest has one program. */
  private static Node wayTo(Node folder) {
    return new Node(folder.mode | 0111, folder.uid, folder.gid, null, NOTHING, 0);
  }

  private static Node hostNode(Path source) throws IOException {
    Map<String, Object> attributes =
        Files.readAttributes(source, "unix:mode,uid,gid,size", LinkOption.NOFOLLOW_LINKS);
    int mode = (int) requireNonNull(attributes.get("mode"));
    int type = mode & TYPE_MASK;
    if (type == LINK) {
      return hostNode(source.toRealPath());
    }
    if (type != FILE && type != FOLDER) {
      throw new ImageException(source + " is neither a file nor a folder; it cannot be packed");
    }
    long sizeBytes = type == FILE ? (long) requireNonNull(attributes.get("size")) : 0;
    int uid = (int) requireNonNull(attributes.get("uid"));
    int gid = (int) requireNonNull(attributes.get("gid"));
    return new Node(mode, uid, gid, type == FILE ? source : null, NOTHING, sizeBytes);
  }
}
