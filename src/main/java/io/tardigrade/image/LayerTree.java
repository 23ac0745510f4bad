package io.tardigrade.image;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributeView;
import java.nio.file.attribute.FileTime;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashSet;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * A folder of ours into which the layers of an image are unpacked, one over the other. Names in a
 * layer are hostile: links are followed as if the folder were the root of a system, so nothing
 * outside the folder is ever reached. It must lie in a folder that only we can enter, so what was
 * checked stays as it was.
 *
 * <p>Devices and pipes are left out: the guest's kernel makes its own.
 */
final class LayerTree {
  private static final String WHITEOUT = ".wh.";
  private static final String OPAQUE = ".wh..wh..opq";
  private static final int LINKS_MAX = 40;
  private static final int DEPTH_MAX = 256;

  private final Path root;
  private final long bytesMax;
  private final int entriesMax;
  private long bytes;
  private int entries;
  private String what = "the image";

  /**
   * @param root an empty folder
   * @param bytesMax how much all files together may hold
   * @param entriesMax how many entries all layers together may have
   */
  LayerTree(Path root, long bytesMax, int entriesMax) {
    this.root = root;
    this.bytesMax = bytesMax;
    this.entriesMax = entriesMax;
  }

  /** What all files unpacked so far held, replaced ones included. */
  long bytes() {
    return bytes;
  }

  int entries() {
    return entries;
  }

  /** Unpacks one layer over what is there. */
  void apply(TarReader layer, String what) throws IOException {
    this.what = what;
    Set<Path> ofThisLayer = new HashSet<>();
    for (TarReader.Entry entry = layer.next(); entry != null; entry = layer.next()) {
      try {
        count();
        applyOne(entry, layer, ofThisLayer);
      } catch (InvalidPathException | FileAlreadyExistsException | NoSuchFileException e) {
        throw new ImageException(what + ": `" + entry.name() + "` cannot be unpacked", e);
      }
    }
  }

  private void count() throws ImageException {
    if (++entries > entriesMax) {
      throw new ImageException(
          what + " has more than " + entriesMax + " files; refused as too large");
    }
  }

  private void applyOne(TarReader.Entry entry, TarReader layer, Set<Path> ofThisLayer)
      throws IOException {
    Deque<String> parts = parts(entry.name());
    if (parts.isEmpty()) {
      if (entry.type() == '5') {
        setAttributes(root, entry);
      }
      return;
    }
    String last = parts.removeLast();
    Path parent = folder(parts, entry.name());
    if (last.equals(OPAQUE)) {
      deleteLower(parent, ofThisLayer);
    } else if (last.startsWith(WHITEOUT)) {
      String hidden = last.substring(WHITEOUT.length());
      if (hidden.isEmpty() || hidden.equals(".") || hidden.equals("..")) {
        throw new ImageException(what + ": `" + entry.name() + "` removes no file; it is broken");
      }
      Staging.deleteTree(parent.resolve(hidden));
    } else {
      Path place = parent.resolve(last);
      make(entry, layer, place);
      for (Path at = place; at != null && ofThisLayer.add(at); at = at.getParent()) {
        if (at.equals(root)) {
          break;
        }
      }
    }
  }

  private void make(TarReader.Entry entry, TarReader layer, Path place) throws IOException {
    boolean isFolder = Files.isDirectory(place, LinkOption.NOFOLLOW_LINKS);
    if (entry.type() == '5' && isFolder) {
      setAttributes(place, entry);
      return;
    }
    switch (entry.type()) {
      case '0' -> {
        Staging.deleteTree(place);
        writeFile(layer.content(), entry, place);
        setAttributes(place, entry);
      }
      case '1' -> {
        Path target = existing(entry.link());
        if (target.equals(place)) {
          return;
        }
        Staging.deleteTree(place);
        Files.createLink(place, target);
      }
      case '2' -> {
        if (entry.link().isEmpty()) {
          throw new ImageException(what + ": the link `" + entry.name() + "` points nowhere");
        }
        Staging.deleteTree(place);
        Files.createSymbolicLink(place, Path.of(entry.link()));
        Files.setAttribute(place, "unix:uid", entry.uid(), LinkOption.NOFOLLOW_LINKS);
        Files.setAttribute(place, "unix:gid", entry.gid(), LinkOption.NOFOLLOW_LINKS);
      }
      case '5' -> {
        Staging.deleteTree(place);
        Files.createDirectory(place);
        setAttributes(place, entry);
      }
      default -> {
        // A device or a pipe.
      }
    }
  }

  private void writeFile(InputStream content, TarReader.Entry entry, Path place)
      throws IOException {
    if (entry.sizeBytes() > bytesMax - bytes) {
      throw new ImageException(
          what + " unpacks to more than " + bytesMax + " bytes; refused as too large");
    }
    try (OutputStream out = Files.newOutputStream(place)) {
      bytes += content.transferTo(out);
    }
  }

  private static void setAttributes(Path place, TarReader.Entry entry) throws IOException {
    Files.setAttribute(place, "unix:uid", entry.uid());
    Files.setAttribute(place, "unix:gid", entry.gid());
    // After the owner: a change of owner takes set-user-id away.
    Files.setAttribute(place, "unix:mode", entry.mode());
    FileTime time = FileTime.from(entry.mtimeSeconds(), TimeUnit.SECONDS);
    Files.getFileAttributeView(place, BasicFileAttributeView.class).setTimes(time, time, null);
  }

  /** The file that a hard link names: a file or a symbolic link inside the tree. */
  private Path existing(String name) throws IOException {
    Deque<String> parts = parts(name);
    if (parts.isEmpty()) {
      throw new ImageException(what + ": a hard link names a folder");
    }
    String last = parts.removeLast();
    Path target = folder(parts, name).resolve(last);
    boolean linkable =
        Files.isRegularFile(target, LinkOption.NOFOLLOW_LINKS) || Files.isSymbolicLink(target);
    if (!linkable) {
      throw new ImageException(what + ": a hard link names `" + name + "`, which is no file in it");
    }
    return target;
  }

  /** The folder inside the tree that {@code parts} lead to; what is missing is made. */
  private Path folder(Deque<String> parts, String name) throws IOException {
    Path at = walk(parts, true);
    if (at == null) {
      throw new ImageException(what + ": `" + name + "` lies in something that is no folder");
    }
    return at;
  }

  /** The file at an absolute path of the image, every link followed inside it; null if none. */
  @Nullable Path find(String path) throws IOException {
    Deque<String> parts = new ArrayDeque<>();
    push(parts, path);
    try {
      Path found = walk(parts, false);
      return found != null && Files.exists(found, LinkOption.NOFOLLOW_LINKS) ? found : null;
    } catch (InvalidPathException e) {
      return null;
    }
  }

  /** Makes the folder at an absolute path of the image where there is none. */
  void makeFolder(String path) throws IOException {
    try {
      folder(parts(path), path);
    } catch (InvalidPathException | FileAlreadyExistsException e) {
      throw new ImageException("the image's folder `" + path + "` cannot be made", e);
    }
  }

  private @Nullable Path walk(Deque<String> parts, boolean make) throws IOException {
    Deque<String> left = new ArrayDeque<>(parts);
    Path at = root;
    int links = 0;
    int steps = 0;
    while (!left.isEmpty()) {
      if (++steps > DEPTH_MAX * LINKS_MAX) {
        return null;
      }
      String part = left.removeFirst();
      if (part.equals("..")) {
        at = at.equals(root) ? root : parentOf(at);
        continue;
      }
      Path next = at.resolve(part);
      if (Files.isSymbolicLink(next)) {
        if (++links > LINKS_MAX) {
          return null;
        }
        String target = Files.readSymbolicLink(next).toString();
        push(left, target);
        at = target.startsWith("/") ? root : at;
      } else if (Files.isDirectory(next, LinkOption.NOFOLLOW_LINKS)) {
        at = next;
      } else if (!Files.exists(next, LinkOption.NOFOLLOW_LINKS) && make) {
        count();
        at = Files.createDirectory(next);
        Files.setAttribute(at, "unix:mode", 0755);
      } else {
        return left.isEmpty() && !make ? next : null;
      }
    }
    return at;
  }

  private static void push(Deque<String> left, String path) {
    String[] parts = path.split("/", -1);
    for (int i = parts.length - 1; i >= 0; i--) {
      if (!parts[i].isEmpty() && !parts[i].equals(".")) {
        left.addFirst(parts[i]);
      }
    }
  }

  private Path parentOf(Path at) {
    Path parent = at.getParent();
    return parent == null || !parent.startsWith(root) ? root : parent;
  }

  private Deque<String> parts(String name) throws ImageException {
    Deque<String> parts = new ArrayDeque<>();
    push(parts, name);
    if (parts.contains("..")) {
      throw new ImageException(what + ": `" + name + "` leads out of the image; refused");
    }
    if (parts.size() > DEPTH_MAX || name.indexOf('\0') >= 0) {
      throw new ImageException(what + ": a name in it is too deep or holds a NUL; refused");
    }
    return parts;
  }

  /** Deletes what lower layers put into {@code folder}. */
  private static void deleteLower(Path folder, Set<Path> ofThisLayer) throws IOException {
    try (var children = Files.newDirectoryStream(folder)) {
      for (Path child : children) {
        if (!ofThisLayer.contains(child)) {
          Staging.deleteTree(child);
        } else if (Files.isDirectory(child, LinkOption.NOFOLLOW_LINKS)) {
          deleteLower(child, ofThisLayer);
        }
      }
    }
  }
}
