package io.tardigrade.image;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;

/**
 * The loadable modules of one unpacked kernel package. Debian's package brings no {@code
 * modules.dep} (the installation makes it), so dependencies are read from the modules themselves:
 *
 * <pre>
 *   .modinfo section:  key=value NUL key=value NUL …      depends=virtio,virtio_ring
 * </pre>
 */
final class KernelModules {
  private static final int MODULE_BYTES_MAX = 64 << 20;
  private static final byte[] DEPENDS = "\0depends=".getBytes(StandardCharsets.US_ASCII);

  private final Map<String, Path> files = new HashMap<>();
  private final Set<String> builtin = new LinkedHashSet<>();

  /** Reads the folder {@code lib/modules/RELEASE} of a kernel package. */
  KernelModules(Path folder) throws IOException {
    try (Stream<Path> all = Files.walk(folder.resolve("kernel"))) {
      all.filter(p -> p.toString().matches(".*\\.ko(\\.xz|\\.zst|\\.gz)?"))
          .forEach(p -> files.put(moduleName(p), p));
    }
    Path list = folder.resolve("modules.builtin");
    if (Files.exists(list)) {
      Files.readAllLines(list).forEach(line -> builtin.add(moduleName(Path.of(line))));
    }
  }

  /**
   * Copies {@code optional} modules, where the kernel has them, then {@code wanted} ones, each
   * after what it depends on, into {@code folder}, decompressed.
   *
   * @return the copies in an order in which they can be inserted; modules built into the kernel are
   *     left out
   */
  List<Path> extract(List<String> optional, List<String> wanted, Path folder) throws IOException {
    Map<String, Path> order = new LinkedHashMap<>();
    for (String name : optional) {
      if (files.containsKey(name)) {
        visit(name, folder, order, new LinkedHashSet<>());
      }
    }
    for (String name : wanted) {
      visit(name, folder, order, new LinkedHashSet<>());
    }
    return new ArrayList<>(order.values());
  }

  private void visit(String name, Path folder, Map<String, Path> done, Set<String> above)
      throws IOException {
    if (done.containsKey(name) || builtin.contains(name)) {
      return;
    }
    Path packed = files.get(name);
    if (packed == null) {
      throw new ImageException("the guest kernel has no module " + name);
    }
    if (!above.add(name)) {
      throw new ImageException("the guest kernel's modules depend on each other: " + above);
    }
    Path plain = folder.resolve(name + ".ko");
    decompress(packed, plain);
    if (Files.size(plain) > MODULE_BYTES_MAX) {
      throw new ImageException("module " + name + " is larger than 64 MiB");
    }
    for (String dependency : depends(Files.readAllBytes(plain))) {
      visit(dependency, folder, done, above);
    }
    above.remove(name);
    done.put(name, plain);
  }

  /** The modules that a module's {@code .modinfo} says it needs. */
  static List<String> depends(byte[] module) {
    int at = indexOf(module, DEPENDS);
    if (at < 0) {
      return List.of();
    }
    int start = at + DEPENDS.length;
    int end = start;
    while (end < module.length && module[end] != 0) {
      end++;
    }
    String list = new String(module, start, end - start, StandardCharsets.US_ASCII);
    return Stream.of(list.split(",", -1))
        .filter(name -> !name.isEmpty())
        .map(name -> name.replace('-', '_'))
        .toList();
  }

  private static void decompress(Path packed, Path plain) throws IOException {
    String name = packed.toString();
    if (name.endsWith(".ko")) {
      Files.copy(packed, plain);
      return;
    }
    String tool = name.endsWith(".xz") ? "xz" : name.endsWith(".zst") ? "zstd" : "gzip";
    Process process =
        new ProcessBuilder(tool, "-dc", name)
            .redirectOutput(plain.toFile())
            .redirectError(ProcessBuilder.Redirect.DISCARD)
            .start();
    try {
      if (process.waitFor() != 0) {
        throw new ImageException("`" + tool + " -dc " + name + "` failed");
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new ImageException("interrupted while unpacking the guest kernel", e);
    } finally {
      process.destroyForcibly();
    }
  }

  private static int indexOf(byte[] data, byte[] wanted) {
    for (int at = 0; at <= data.length - wanted.length; at++) {
      int i = 0;
      while (i < wanted.length && data[at + i] == wanted[i]) {
        i++;
      }
      if (i == wanted.length) {
        return at;
      }
    }
    return -1;
  }

  private static String moduleName(Path file) {
    return file.getFileName().toString().replaceFirst("\\.ko.*$", "").replace('-', '_');
  }
}
