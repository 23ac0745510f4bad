package io.tardigrade.image;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.zip.GZIPOutputStream;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveOutputStream;

/** Makes container archives for tests, by another tar writer than ours reads with. */
final class ImageArchive {
  String config = "{\"Cmd\":[\"/bin/true\"]}";
  String machine = "amd64";
  private final List<byte[]> layers = new ArrayList<>();
  private final List<byte[]> packed = new ArrayList<>();

  /** A layer under construction. */
  static final class LayerWriter {
    private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    private final TarArchiveOutputStream tar = new TarArchiveOutputStream(bytes);

    LayerWriter() {
      tar.setLongFileMode(TarArchiveOutputStream.LONGFILE_POSIX);
    }

    LayerWriter file(String name, String content) throws IOException {
      return file(name, content.getBytes(StandardCharsets.UTF_8), 0755, 0, 0);
    }

    LayerWriter file(String name, byte[] content, int mode, int uid, int gid) throws IOException {
      TarArchiveEntry entry = new TarArchiveEntry(name, true);
      entry.setMode(mode);
      entry.setIds(uid, gid);
      entry.setModTime(1_600_000_000_000L);
      entry.setSize(content.length);
      tar.putArchiveEntry(entry);
      tar.write(content);
      tar.closeArchiveEntry();
      return this;
    }

    LayerWriter folder(String name, int mode) throws IOException {
      TarArchiveEntry entry = new TarArchiveEntry(name + "/", true);
      entry.setMode(mode);
      return empty(entry);
    }

    LayerWriter link(String name, String target) throws IOException {
      return link(name, target, TarArchiveEntry.LF_SYMLINK);
    }

    LayerWriter hardLink(String name, String target) throws IOException {
      return link(name, target, TarArchiveEntry.LF_LINK);
    }

    LayerWriter device(String name) throws IOException {
      TarArchiveEntry entry = new TarArchiveEntry(name, TarArchiveEntry.LF_BLK);
      return empty(entry);
    }

    private LayerWriter link(String name, String target, byte type) throws IOException {
      TarArchiveEntry entry = new TarArchiveEntry(name, type, true);
      entry.setLinkName(target);
      return empty(entry);
    }

    private LayerWriter empty(TarArchiveEntry entry) throws IOException {
      tar.putArchiveEntry(entry);
      tar.closeArchiveEntry();
      return this;
    }

    byte[] bytes() throws IOException {
      tar.close();
      return bytes.toByteArray();
    }
  }

  ImageArchive layer(LayerWriter layer) throws IOException {
    byte[] plain = layer.bytes();
    return layer(plain, plain);
  }

  ImageArchive layer(byte[] plain, byte[] compressed) {
    layers.add(plain);
    packed.add(compressed);
    return this;
  }

  static byte[] gzip(byte[] plain) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (OutputStream out = new GZIPOutputStream(bytes)) {
      out.write(plain);
    }
    return bytes.toByteArray();
  }

  /** The archive as an OCI layout. */
  byte[] layout() throws Exception {
    Map<String, byte[]> files = new LinkedHashMap<>();
    List<String> descriptors = new ArrayList<>();
    for (byte[] layer : packed) {
      descriptors.add(descriptor(files, layer));
    }
    String image = descriptor(files, configJson().getBytes(StandardCharsets.UTF_8));
    String manifest =
        "{\"schemaVersion\":2,\"config\":"
            + image
            + ",\"layers\":["
            + String.join(",", descriptors)
            + "]}";
    String entry = descriptor(files, manifest.getBytes(StandardCharsets.UTF_8));
    String index = "{\"schemaVersion\":2,\"manifests\":[" + entry + "]}";
    files.put("index.json", index.getBytes(StandardCharsets.UTF_8));
    return tar(files);
  }

  /** The archive as older versions of {@code docker save} write it. */
  byte[] dockerSave() throws Exception {
    Map<String, byte[]> files = new LinkedHashMap<>();
    List<String> names = new ArrayList<>();
    for (int i = 0; i < packed.size(); i++) {
      files.put("layer" + i + "/layer.tar", packed.get(i));
      names.add("\"layer" + i + "/layer.tar\"");
    }
    files.put("config.json", configJson().getBytes(StandardCharsets.UTF_8));
    String manifest =
        "[{\"Config\":\"config.json\",\"RepoTags\":[\"x:1\"],\"Layers\":["
            + String.join(",", names)
            + "]}]";
    files.put("manifest.json", manifest.getBytes(StandardCharsets.UTF_8));
    return tar(files);
  }

  Path writeLayout(Path file) throws Exception {
    return Files.write(file, layout());
  }

  private String configJson() throws Exception {
    List<String> ids = new ArrayList<>();
    for (byte[] layer : layers) {
      ids.add("\"" + sha256(layer) + "\"");
    }
    return "{\"os\":\"linux\",\"architecture\":\""
        + machine
        + "\",\"config\":"
        + config
        + ",\"rootfs\":{\"type\":\"layers\",\"diff_ids\":["
        + String.join(",", ids)
        + "]}}";
  }

  private static String descriptor(Map<String, byte[]> files, byte[] blob) throws Exception {
    String digest = sha256(blob);
    files.put("blobs/" + digest.replace(':', '/'), blob);
    return "{\"digest\":\"" + digest + "\",\"size\":" + blob.length + "}";
  }

  private static String sha256(byte[] bytes) throws Exception {
    byte[] hash = MessageDigest.getInstance("SHA-256").digest(bytes);
    return "sha256:" + HexFormat.of().formatHex(hash);
  }

  private static byte[] tar(Map<String, byte[]> files) throws IOException {
    LayerWriter writer = new LayerWriter();
    for (Map.Entry<String, byte[]> file : files.entrySet()) {
      writer.file(file.getKey(), file.getValue(), 0644, 0, 0);
    }
    return writer.bytes();
  }
}
