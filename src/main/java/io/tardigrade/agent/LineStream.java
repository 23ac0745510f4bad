package io.tardigrade.agent;

import io.tardigrade.control.ApiClient;
import io.tardigrade.control.Problem;
import io.tardigrade.guest.Json;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Collections;
import java.util.Map;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CancellationException;
import java.util.concurrent.TimeUnit;
import org.eclipse.jetty.http.HttpHeader;
import org.eclipse.jetty.io.Content;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.util.Callback;
import org.jspecify.annotations.Nullable;

/**
 * An answer of lines of JSON, written as they come; an empty line each second shows that this side
 * is well, and tells this side that the other is there. One use; the calling thread writes, another
 * one works.
 *
 * <pre>
 *   {"progress":"…"} ⏎  ⏎ ⏎  {"result":…} or {"problem":…} ⏎
 * </pre>
 */
final class LineStream {
  private static final long HEARTBEAT_MILLIS = 1000;
  private static final int QUEUED_MAX = 256;

  private final Response response;
  private final Callback callback;
  private final BlockingQueue<Item> queue = new ArrayBlockingQueue<>(QUEUED_MAX);
  private volatile boolean gone;

  /**
   * A line to write.
   *
   * @param problem what the line says went wrong, if it does
   */
  private record Item(@Nullable String line, @Nullable Problem problem, boolean last) {}

  LineStream(Response response, Callback callback) {
    this.response = response;
    this.callback = callback;
  }

  /** Writes what is told of the work, and then its result. */
  void change(Answer.Work work) {
    write(() -> enqueue(result(work)), false);
  }

  private Item result(Answer.Work work) {
    try {
      Object result = work.run(this::progress);
      return new Item(Json.line(Collections.singletonMap("result", result)), null, true);
    } catch (InterruptedException e) {
      return problem(Problem.of(Problem.Code.UNAVAILABLE, "the agent ends"));
    } catch (IOException | RuntimeException e) {
      return problem(Problem.of(e));
    }
  }

  private static Item problem(Problem problem) {
    return new Item(Json.line(Map.of("problem", problem)), problem, true);
  }

  private void progress(String text) {
    if (gone) {
      throw new CancellationException("whoever asked has left");
    }
    enqueue(new Item(Json.line(Map.of("progress", text)), null, false));
  }

  /** Writes values until the other side leaves. */
  void watch(Answer.Source source) {
    write(
        () -> {
          try {
            source.run(value -> enqueue(new Item(Json.line(value), null, false)));
            enqueue(new Item(null, null, true));
          } catch (IOException | RuntimeException e) {
            enqueue(problem(Problem.of(e)));
          }
        },
        true);
  }

  private void enqueue(Item item) {
    try {
      while (!gone && !queue.offer(item, HEARTBEAT_MILLIS, TimeUnit.MILLISECONDS)) {
        // Whoever reads is slow; the writer tells when it has left.
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void write(Runnable work, boolean endWithReader) {
    Thread worker = Thread.ofVirtual().start(work);
    try {
      @Nullable Item item = queue.poll(HEARTBEAT_MILLIS, TimeUnit.MILLISECONDS);
      if (item != null && item.problem() != null) {
        ApiServer.fail(response, callback, item.problem());
        return;
      }
      response.setStatus(200);
      response.getHeaders().put(HttpHeader.CONTENT_TYPE, ApiClient.LINES);
      copy(item, Content.Sink.asOutputStream(response));
      callback.succeeded();
    } catch (IOException e) {
      gone = true;
      callback.failed(e);
    } catch (InterruptedException e) {
      gone = true;
      Thread.currentThread().interrupt();
      callback.failed(e);
    }
    if (endWithReader) {
      worker.interrupt();
    } else {
      awaitUnread(worker);
    }
  }

  private void copy(@Nullable Item first, OutputStream out)
      throws IOException, InterruptedException {
    Item item = first;
    while (true) {
      String line = item == null || item.line() == null ? "" : item.line();
      out.write((line + "\n").getBytes(StandardCharsets.UTF_8));
      out.flush();
      if (item != null && item.last()) {
        return;
      }
      item = queue.poll(HEARTBEAT_MILLIS, TimeUnit.MILLISECONDS);
    }
  }

  /** What was begun goes on without a reader, and counts as being answered until it is done. */
  private static void awaitUnread(Thread worker) {
    try {
      worker.join();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
