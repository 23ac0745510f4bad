package io.tardigrade.guest;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Set;
import tools.jackson.core.StreamReadConstraints;
import tools.jackson.core.json.JsonFactory;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.MapperFeature;
import tools.jackson.databind.PropertyNamingStrategies;
import tools.jackson.databind.SerializationFeature;
import tools.jackson.databind.json.JsonMapper;

/**
 * JSON as all files and sockets of Tardigrade have it: records in their own order, names in
 * snake_case, times as RFC 3339 in UTC. Documents are bounded; what cannot be read is an {@link
 * IOException} of one line. Safe for use by any thread.
 */
public final class Json {
  private static final int DOCUMENT_BYTES_MAX = 4 << 20;

  private static final JsonMapper MAPPER =
      JsonMapper.builder(
              JsonFactory.builder()
                  .streamReadConstraints(
                      StreamReadConstraints.builder()
                          .maxDocumentLength(DOCUMENT_BYTES_MAX)
                          .maxNestingDepth(32)
                          .build())
                  .build())
          .propertyNamingStrategy(PropertyNamingStrategies.SNAKE_CASE)
          .disable(MapperFeature.SORT_PROPERTIES_ALPHABETICALLY)
          .disable(SerializationFeature.ORDER_MAP_ENTRIES_BY_KEYS)
          // A newer version may have written fields that this one does not know.
          .disable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
          .enable(DeserializationFeature.FAIL_ON_NULL_FOR_PRIMITIVES)
          .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
          .build();

  private static final JsonMapper STRICT =
      MAPPER.rebuild().enable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES).build();

  private Json() {}

  /** One line, without a newline. */
  public static String line(Object value) {
    return MAPPER.writeValueAsString(value);
  }

  /** Indented, for people. */
  public static String pretty(Object value) {
    return MAPPER.writerWithDefaultPrettyPrinter().writeValueAsString(value);
  }

  /** The value as a tree. */
  public static JsonNode tree(Object value) {
    return MAPPER.valueToTree(value);
  }

  /**
   * Reads a value.
   *
   * @param what is read, named in errors
   */
  public static <T> T parse(String what, String text, Class<T> type) throws IOException {
    return parse(MAPPER, what, text, type);
  }

  /** As {@link #parse}, refusing fields that are not known: one may be mistyped. */
  public static <T> T parseStrictly(String what, String text, Class<T> type) throws IOException {
    return parse(STRICT, what, text, type);
  }

  private static <T> T parse(JsonMapper mapper, String what, String text, Class<T> type)
      throws IOException {
    try {
      T value = mapper.readValue(text, type);
      if (value == null) {
        throw new IOException(what + " holds no " + type.getSimpleName());
      }
      return value;
    } catch (RuntimeException e) {
      // Not only Jackson's own: a record's constructor may refuse what it is given.
      throw new IOException(
          what + " cannot be read as " + type.getSimpleName() + ": " + firstLine(e), e);
    }
  }

  /** Reads a file. */
  public static <T> T read(Path file, Class<T> type) throws IOException {
    if (Files.size(file) > DOCUMENT_BYTES_MAX) {
      throw new IOException(file + " is larger than " + DOCUMENT_BYTES_MAX + " bytes");
    }
    byte[] bytes = Files.readAllBytes(file);
    return parse(file.toString(), new String(bytes, StandardCharsets.UTF_8), type);
  }

  /**
   * Writes a file for root alone, durably and in one step: a reader sees the old one or the new.
   */
  public static void write(Path file, Object value) throws IOException {
    writeText(file, pretty(value) + "\n");
  }

  /** As {@link #write}, for text. */
  public static void writeText(Path file, String text) throws IOException {
    Path temporary =
        file.resolveSibling(
            "." + file.getFileName() + "." + ProcessHandle.current().pid() + "-" + serial());
    try {
      try (FileChannel channel =
          FileChannel.open(
              temporary,
              Set.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE),
              PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")))) {
        ByteBuffer bytes = ByteBuffer.wrap(text.getBytes(StandardCharsets.UTF_8));
        while (bytes.hasRemaining()) {
          channel.write(bytes);
        }
        channel.force(true);
      }
      Files.move(temporary, file, StandardCopyOption.ATOMIC_MOVE);
    } finally {
      Files.deleteIfExists(temporary);
    }
  }

  private static long serial() {
    return Thread.currentThread().threadId();
  }

  private static String firstLine(RuntimeException e) {
    String message = e.getMessage();
    return message == null ? e.getClass().getSimpleName() : message.lines().findFirst().orElse("");
  }
}
