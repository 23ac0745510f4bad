package io.tardigrade.image;

import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * What an archive says about the one image in it: which files are its layers, and how its program
 * is started. Everything that has a digest is checked against it.
 *
 * <pre>
 *   OCI layout:   index.json {manifests: [{digest, platform}]} → blobs/sha256/HEX, an index again or
 *                 {config: {digest}, layers: [{digest}]}
 *   docker save:  manifest.json [{Config: NAME, Layers: [NAME]}]
 *   both, config: {architecture, os, rootfs: {diff_ids}, config: {Entrypoint, Cmd, Env, WorkingDir,
 *                 User}}; a diff_id is the digest of a layer once decompressed
 * </pre>
 *
 * Source: OCI image specification 1.1; Docker image specification 1.2.
 *
 * @param layers lowest first
 */
record OciImage(
    List<Layer> layers,
    List<String> entrypoint,
    List<String> command,
    Map<String, String> environment,
    String workingFolder,
    String user) {
  private static final int JSON_BYTES_MAX = 4 << 20;
  private static final int INDEX_DEPTH_MAX = 4;
  private static final int LAYERS_MAX = 512;
  private static final JsonMapper JSON = new JsonMapper();

  /**
   * @param name its file in the archive
   * @param digest of that file as it is, or null where the archive tells none
   * @param diffId digest of the file once decompressed
   */
  record Layer(String name, @Nullable String digest, String diffId) {}

  OciImage {
    layers = List.copyOf(layers);
    entrypoint = List.copyOf(entrypoint);
    command = List.copyOf(command);
  }

  /** Reads the description of the one image in {@code archive}; {@code what} names it in errors. */
  static OciImage read(ArchiveFile archive, String what) throws IOException {
    Reader reader = new Reader(archive, what);
    try {
      if (archive.has("index.json")) {
        return reader.ofLayout();
      }
      if (archive.has("manifest.json")) {
        return reader.ofDockerSave();
      }
    } catch (JacksonException e) {
      throw new ImageException(what + " has broken JSON in it; copy it again", e);
    }
    throw new ImageException(
        what + " holds no image; expected an archive made by `docker save` or in OCI layout");
  }

  private static final class Reader {
    private final ArchiveFile archive;
    private final String what;

    Reader(ArchiveFile archive, String what) {
      this.archive = archive;
      this.what = what;
    }

    OciImage ofLayout() throws IOException {
      JsonNode index = JSON.readTree(archive.read("index.json", JSON_BYTES_MAX));
      JsonNode manifest = manifest(index, 0);
      List<String> names = new ArrayList<>();
      List<@Nullable String> digests = new ArrayList<>();
      for (JsonNode layer : list(manifest, "layers")) {
        String digest = digest(layer);
        names.add(blobName(digest));
        digests.add(digest);
      }
      JsonNode config = JSON.readTree(blob(digest(manifest.path("config"))));
      return image(config, names, digests);
    }

    OciImage ofDockerSave() throws IOException {
      JsonNode manifests = JSON.readTree(archive.read("manifest.json", JSON_BYTES_MAX));
      if (!manifests.isArray() || manifests.size() != 1) {
        throw new ImageException(
            what + " holds " + manifests.size() + " images; save one image by itself");
      }
      JsonNode manifest = manifests.get(0);
      List<String> names = new ArrayList<>();
      List<@Nullable String> digests = new ArrayList<>();
      for (JsonNode layer : list(manifest, "Layers")) {
        names.add(text(layer));
        digests.add(null);
      }
      String configName = text(manifest.path("Config"));
      return image(JSON.readTree(archive.read(configName, JSON_BYTES_MAX)), names, digests);
    }

    private JsonNode manifest(JsonNode index, int depth) throws IOException {
      Set<String> fitting = new LinkedHashSet<>();
      Set<String> others = new LinkedHashSet<>();
      for (JsonNode entry : list(index, "manifests")) {
        JsonNode platform = entry.path("platform");
        String machine =
            platform.path("os").asString("") + "/" + platform.path("architecture").asString("");
        if (platform.isMissingNode() || machine.equals("linux/amd64")) {
          fitting.add(digest(entry));
        } else if (!machine.startsWith("unknown/")) {
          others.add(machine);
        }
      }
      if (fitting.isEmpty() && !others.isEmpty()) {
        throw otherMachine(String.join(", ", others));
      }
      if (fitting.size() != 1 || depth > INDEX_DEPTH_MAX) {
        throw new ImageException(
            what + " holds " + fitting.size() + " images; save one image by itself");
      }
      JsonNode found = JSON.readTree(blob(fitting.iterator().next()));
      return found.has("manifests") ? manifest(found, depth + 1) : found;
    }

    private OciImage image(JsonNode config, List<String> names, List<@Nullable String> digests)
        throws IOException {
      String machine = text(config.path("os")) + "/" + text(config.path("architecture"));
      if (!machine.equals("linux/amd64")) {
        throw otherMachine(machine);
      }
      List<String> diffIds = strings(config.path("rootfs").path("diff_ids"));
      if (diffIds.size() != names.size() || names.size() > LAYERS_MAX) {
        throw new ImageException(
            what
                + " names "
                + names.size()
                + " layers but "
                + diffIds.size()
                + " digests of layers");
      }
      List<Layer> layers = new ArrayList<>();
      for (int i = 0; i < names.size(); i++) {
        layers.add(new Layer(names.get(i), digests.get(i), diffIds.get(i)));
      }
      JsonNode run = config.path("config");
      return new OciImage(
          layers,
          strings(run.path("Entrypoint")),
          strings(run.path("Cmd")),
          variables(strings(run.path("Env"))),
          run.path("WorkingDir").asString(""),
          run.path("User").asString(""));
    }

    private ImageException otherMachine(String machine) {
      return new ImageException(
          what + " is an image for " + machine + "; expected one for linux/amd64");
    }

    private byte[] blob(String digest) throws IOException {
      String name = blobName(digest);
      try (InputStream in = archive.open(name);
          CheckedStream checked = new CheckedStream(in, JSON_BYTES_MAX, what + ": " + name)) {
        byte[] bytes = checked.readNBytes(JSON_BYTES_MAX);
        checked.requireDigest(digest);
        return bytes;
      }
    }

    private String digest(JsonNode descriptor) throws ImageException {
      String digest = text(descriptor.path("digest"));
      if (!digest.matches("sha256:[0-9a-f]{64}")) {
        throw new ImageException(what + " names `" + digest + "`; expected a sha256 digest");
      }
      return digest;
    }

    private static String blobName(String digest) {
      return "blobs/" + digest.replace(':', '/');
    }

    private List<JsonNode> list(JsonNode parent, String field) throws ImageException {
      JsonNode node = parent.path(field);
      if (!node.isArray()) {
        throw new ImageException(what + " lacks the list `" + field + "`; it is no whole image");
      }
      List<JsonNode> items = new ArrayList<>();
      node.forEach(items::add);
      return items;
    }

    private List<String> strings(JsonNode node) throws ImageException {
      List<String> items = new ArrayList<>();
      if (node.isArray()) {
        for (JsonNode item : node) {
          items.add(text(item));
        }
      } else if (node.isString()) {
        items.add(text(node));
      }
      return items;
    }

    private String text(JsonNode node) throws ImageException {
      if (!node.isString()) {
        throw new ImageException(what + " has something else where a text belongs; it is broken");
      }
      return node.asString();
    }

    private static Map<String, String> variables(List<String> lines) {
      Map<String, String> variables = new LinkedHashMap<>();
      for (String line : lines) {
        int equals = line.indexOf('=');
        if (equals > 0) {
          variables.put(line.substring(0, equals), line.substring(equals + 1));
        }
      }
      return variables;
    }
  }
}
