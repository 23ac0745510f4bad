package io.tardigrade.agent;

import io.tardigrade.control.Problem;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** What a request is answered with. */
sealed interface Answer {
  /** One JSON document. */
  record Document(int status, Object value) implements Answer {}

  /** A list: a JSON array, or one element a line where that is wanted. */
  record Elements(List<?> values) implements Answer {
    public Elements {
      values = List.copyOf(values);
    }
  }

  /** Text that is there already. */
  record Text(String contentType, String text) implements Answer {}

  /** A file of this host, as it is. */
  record Contents(Path file) implements Answer {}

  /** What went wrong. */
  record Failure(Problem problem) implements Answer {}

  /**
   * Something that takes its time: lines of progress where they are wanted, else one document.
   *
   * @param status of HTTP once it is done
   */
  record Change(int status, Work work) implements Answer {}

  /** Lines without an end. */
  record Watch(Source source) implements Answer {}

  /** What a {@link Change} does. */
  interface Work {
    /** Returns the result, or null where there is none to show. */
    @Nullable Object run(Consumer<String> progress) throws IOException, InterruptedException;
  }

  /** Hands over values until its thread is interrupted. */
  interface Source {
    void run(Consumer<Object> consumer) throws IOException;
  }
}
