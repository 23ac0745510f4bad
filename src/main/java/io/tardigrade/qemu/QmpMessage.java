package io.tardigrade.qemu;

import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.core.StreamReadConstraints;
import tools.jackson.core.json.JsonFactory;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * One line of the QEMU Machine Protocol (docs/interop/qmp-spec.txt), decoded:
 *
 * <pre>
 *   greeting  {"QMP": {"version": …, "capabilities": […]}}
 *   reply     {"return": VALUE, "id": N}
 *   refusal   {"error": {"class": C, "desc": TEXT}, "id": N}
 *   event     {"event": NAME, "data": {…}, "timestamp": {…}}
 * </pre>
 *
 * Commands carry numbers as ids; 0 stands for no id.
 */
sealed interface QmpMessage {
  record Greeting(JsonNode version) implements QmpMessage {}

  record Reply(long id, JsonNode value) implements QmpMessage {}

  record Refusal(long id, String description) implements QmpMessage {}

  record Event(String name, JsonNode data) implements QmpMessage {}

  JsonMapper MAPPER =
      JsonMapper.builder(
              JsonFactory.builder()
                  .streamReadConstraints(
                      StreamReadConstraints.builder()
                          .maxNestingDepth(32)
                          .maxStringLength(1 << 20)
                          .build())
                  .build())
          .build();

  /** Decodes {@code line}, which comes from a process that a hostile guest may have taken over. */
  static QmpMessage parse(String line) throws QmpException {
    JsonNode node;
    try {
      node = MAPPER.readTree(line);
    } catch (JacksonException e) {
      throw new QmpException("hypervisor's monitor sent no JSON: " + head(line));
    }
    @Nullable JsonNode event = node.get("event");
    if (event != null && event.isString()) {
      @Nullable JsonNode data = node.get("data");
      return new Event(event.stringValue(), data == null ? MAPPER.createObjectNode() : data);
    }
    long id = node.path("id").asLong(0);
    @Nullable JsonNode value = node.get("return");
    if (value != null) {
      return new Reply(id, value);
    }
    @Nullable JsonNode error = node.get("error");
    if (error != null) {
      return new Refusal(id, error.path("desc").asString("no description"));
    }
    @Nullable JsonNode greeting = node.get("QMP");
    if (greeting != null) {
      return new Greeting(greeting.path("version"));
    }
    throw new QmpException("hypervisor's monitor sent an unknown message: " + head(line));
  }

  private static String head(String line) {
    return line.length() <= 120 ? line : line.substring(0, 120) + "…";
  }
}
