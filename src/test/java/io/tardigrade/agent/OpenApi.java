package io.tardigrade.agent;

import static org.assertj.core.api.Assertions.assertThat;

import com.networknt.schema.Error;
import com.networknt.schema.SchemaRegistry;
import com.networknt.schema.SpecificationVersion;
import java.io.IOException;
import java.io.InputStream;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.ObjectMapper;
import tools.jackson.databind.node.ObjectNode;
import tools.jackson.dataformat.yaml.YAMLMapper;

/** The description of the API in the tree, to hold real answers against. */
final class OpenApi {
  private static final ObjectMapper MAPPER = new ObjectMapper();

  private final JsonNode document;

  private OpenApi(JsonNode document) {
    this.document = document;
  }

  static OpenApi read() throws IOException {
    try (InputStream in = Routes.class.getResourceAsStream("openapi.yaml")) {
      return new OpenApi(new YAMLMapper().readTree(in));
    }
  }

  JsonNode document() {
    return document;
  }

  /** Each as {@code GET /v1/guests}. */
  Set<String> operations() {
    Set<String> operations = new TreeSet<>();
    document
        .get("paths")
        .properties()
        .forEach(path ->
            path.getValue().properties().stream()
                .map(java.util.Map.Entry::getKey)
                .filter(key -> !key.equals("parameters"))
                .forEach(method ->
                    operations.add(
                        method.toUpperCase(java.util.Locale.ROOT) + " " + path.getKey())));
    return operations;
  }

  /** The schema of an answer, null where the document has none for it. */
  @Nullable JsonNode answer(String method, String template, int status, String contentType) {
    JsonNode responses =
        document
            .path("paths")
            .path(template)
            .path(method.toLowerCase(java.util.Locale.ROOT))
            .path("responses");
    JsonNode response = responses.path(Integer.toString(status));
    if (response.isMissingNode()) {
      response = responses.path("default");
    }
    JsonNode schema = resolve(response).path("content").path(contentType).path("schema");
    return schema.isMissingNode() ? null : schema;
  }

  private JsonNode resolve(JsonNode node) {
    return node.has("$ref") ? document.at(node.get("$ref").asString().substring(1)) : node;
  }

  JsonNode schema(String name) {
    return MAPPER.createObjectNode().put("$ref", "#/components/schemas/" + name);
  }

  /** Fails where {@code json} is not as {@code schema} says. */
  void check(String what, JsonNode schema, String json) {
    assertThat(errors(schema, json)).as("%s: %s", what, json).isEmpty();
  }

  List<Error> errors(JsonNode schema, String json) {
    ObjectNode whole = ((ObjectNode) schema).deepCopy();
    whole.set("components", document.get("components"));
    return SchemaRegistry.withDefaultDialect(SpecificationVersion.DRAFT_2020_12)
        .getSchema(whole)
        .validate(MAPPER.readTree(json));
  }
}
