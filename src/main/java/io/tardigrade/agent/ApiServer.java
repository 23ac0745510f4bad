package io.tardigrade.agent;

import io.tardigrade.cluster.ClusterConfig;
import io.tardigrade.control.ApiClient;
import io.tardigrade.control.Problem;
import io.tardigrade.guest.Json;
import io.tardigrade.links.ClusterTls;
import java.io.ByteArrayOutputStream;
import java.io.Closeable;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.GeneralSecurityException;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BooleanSupplier;
import org.eclipse.jetty.http.HttpHeader;
import org.eclipse.jetty.io.Content;
import org.eclipse.jetty.io.EndPoint;
import org.eclipse.jetty.server.Handler;
import org.eclipse.jetty.server.HttpConfiguration;
import org.eclipse.jetty.server.HttpConnectionFactory;
import org.eclipse.jetty.server.NetworkConnectionLimit;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.handler.ErrorHandler;
import org.eclipse.jetty.unixdomain.server.UnixDomainServerConnector;
import org.eclipse.jetty.util.Callback;
import org.eclipse.jetty.util.Fields;
import org.eclipse.jetty.util.thread.QueuedThreadPool;

/**
 * Serves {@link Routes} as HTTP/1.1 on a Unix socket that only root may open. Each request has a
 * virtual thread of its own; headers, bodies, connections and the time that they may take are
 * bounded.
 */
final class ApiServer implements Closeable, Supervisor.Entrance {
  private static final int HEADER_BYTES_MAX = 8192;
  private static final int BODY_BYTES_MAX = 1 << 20;
  private static final int CONNECTIONS_MAX = 256;
  private static final int THREADS_MAX = 16;
  private static final long IDLE_MILLIS_MAX = 30_000;

  /** A request has to have arrived within this, however steadily it drips in. */
  private static final long ARRIVAL_NANOS_MAX = TimeUnit.SECONDS.toNanos(30);

  /** Requests being answered when the agent is asked to end are given so long. */
  private static final long END_NANOS_MAX = TimeUnit.SECONDS.toNanos(1);

  private static final String JSON = "application/json";
  private static final String PROBLEM = "application/problem+json";

  private final Path socket;
  private final Routes routes;
  private final Server server;
  private final UnixDomainServerConnector connector;
  private final HttpConfiguration http;
  private final AtomicInteger busy = new AtomicInteger();
  private volatile BooleanSupplier needed = () -> false;
  private final Set<EndPoint> watching = ConcurrentHashMap.newKeySet();

  private ApiServer(Path socket, Routes routes) {
    this.socket = socket;
    this.routes = routes;
    QueuedThreadPool threads = new QueuedThreadPool(THREADS_MAX, 2);
    threads.setName("api");
    threads.setDaemon(true);
    threads.setVirtualThreadsExecutor(Executors.newVirtualThreadPerTaskExecutor());
    this.server = new Server(threads);
    HttpConfiguration http = new HttpConfiguration();
    http.setRequestHeaderSize(HEADER_BYTES_MAX);
    http.setSendServerVersion(false);
    http.setSendDateHeader(false);
    this.connector = new UnixDomainServerConnector(server, 1, 1, new HttpConnectionFactory(http));
    connector.setUnixDomainPath(socket);
    connector.setIdleTimeout(IDLE_MILLIS_MAX);
    server.addConnector(connector);
    server.addBean(new NetworkConnectionLimit(CONNECTIONS_MAX, connector));
    this.http = http;
    server.setErrorHandler(ApiServer::refused);
    server.setHandler(new Requests());
  }

  /** Listens at {@code socket}, taking the place of what an agent that was killed has left. */
  static ApiServer listen(Path socket, Routes routes) throws IOException {
    Files.deleteIfExists(socket);
    Files.deleteIfExists(aside(socket));
    ApiServer api = new ApiServer(socket, routes);
    try {
      api.server.start();
      Files.setPosixFilePermissions(socket, PosixFilePermissions.fromString("rw-------"));
      return api;
    } catch (IOException e) {
      throw e;
    } catch (Exception e) {
      throw new IOException("cannot serve at " + socket + ": " + e.getMessage(), e);
    }
  }

  /** Tells whether others count on this agent, so that it must not end for want of guests. */
  void counts(BooleanSupplier othersCount) {
    needed = othersCount;
  }

  /**
   * Lets hosts of the cluster in from outside, and whoever has a certificate of it; nobody else
   * gets as far as a request.
   *
   * @return closes the port
   */
  Closeable openSecured(ClusterConfig config, ClusterTls tls) throws IOException {
    try {
      SecuredPort port = new SecuredPort(server, http, config, tls);
      port.open();
      return port;
    } catch (GeneralSecurityException e) {
      throw new IOException("TLS of the agent's API: " + e.getMessage(), e);
    }
  }

  /**
   * Whether anybody is connected who does more than watch, or what was asked for is still being
   * done.
   */
  @Override
  public boolean isBusy() {
    return needed.getAsBoolean()
        || busy.get() > 0
        || !watching.containsAll(connector.getConnectedEndPoints());
  }

  /** Lets nobody else in, while those who are in are served. */
  @Override
  public void hide() throws IOException {
    Files.move(socket, aside(socket), StandardCopyOption.ATOMIC_MOVE);
  }

  @Override
  public void show() throws IOException {
    Files.move(aside(socket), socket, StandardCopyOption.ATOMIC_MOVE);
  }

  private static Path aside(Path socket) {
    return socket.resolveSibling(socket.getFileName() + ".ending");
  }

  private final class Requests extends Handler.Abstract {
    @Override
    public boolean handle(Request request, Response response, Callback callback)
        throws IOException {
      Answer answer;
      try {
        SecuredPort.refuseClients(request);
        answer = routes.answer(read(request));
      } catch (RefusedRequestException e) {
        answer = new Answer.Failure(e.problem);
      }
      // From here on it is we who take our time.
      request.addIdleTimeoutListener(_ -> false);
      boolean lines = request.getHeaders().contains(HttpHeader.ACCEPT, ApiClient.LINES);
      if (answer instanceof Answer.Watch watch) {
        EndPoint watcher = request.getConnectionMetaData().getConnection().getEndPoint();
        watching.add(watcher);
        try {
          new LineStream(response, callback).watch(watch.source());
        } finally {
          watching.remove(watcher);
        }
        return true;
      }
      busy.incrementAndGet();
      try {
        send(answer, lines, response, callback);
      } finally {
        busy.decrementAndGet();
      }
      return true;
    }
  }

  static final class RefusedRequestException extends IOException {
    private static final long serialVersionUID = 1L;
    private final transient Problem problem;

    RefusedRequestException(Problem problem) {
      super(problem.detail());
      this.problem = problem;
    }
  }

  private static Routes.Call read(Request request) throws IOException {
    Map<String, String> query = new HashMap<>();
    try {
      for (Fields.Field field : Request.extractQueryParameters(request)) {
        query.put(field.getName(), field.getValues().getFirst());
      }
    } catch (RuntimeException e) {
      throw new RefusedRequestException(
          Problem.of(Problem.Code.USAGE, "the query is not understood: " + e.getMessage()));
    }
    return new Routes.Call(
        request.getMethod(), Request.getPathInContext(request), query, body(request));
  }

  private static String body(Request request) throws IOException {
    long deadlineNanos = System.nanoTime() + ARRIVAL_NANOS_MAX;
    ByteArrayOutputStream body = new ByteArrayOutputStream();
    byte[] part = new byte[8192];
    InputStream in = Content.Source.asInputStream(request);
    int n = in.read(part);
    while (n >= 0) {
      body.write(part, 0, n);
      if (body.size() > BODY_BYTES_MAX) {
        throw new RefusedRequestException(
            Problem.of(
                Problem.Code.TOO_LARGE,
                "a request of more than " + BODY_BYTES_MAX + " bytes; none needs as many"));
      }
      if (System.nanoTime() - deadlineNanos > 0) {
        throw new IOException("a request that takes too long to arrive");
      }
      n = in.read(part);
    }
    return body.toString(StandardCharsets.UTF_8);
  }

  private static void send(Answer answer, boolean lines, Response response, Callback callback) {
    switch (answer) {
      case Answer.Document document ->
          send(response, callback, document.status(), JSON, Json.line(document.value()));
      case Answer.Contents contents -> send(contents.file(), response, callback);
      case Answer.Text text -> send(response, callback, 200, text.contentType(), text.text());
      case Answer.Failure failure -> fail(response, callback, failure.problem());
      case Answer.Elements list when lines -> {
        StringBuilder text = new StringBuilder();
        list.values().forEach(value -> text.append(Json.line(value)).append('\n'));
        send(response, callback, 200, ApiClient.LINES, text.toString());
      }
      case Answer.Elements list -> send(response, callback, 200, JSON, Json.line(list.values()));
      case Answer.Change change when lines ->
          new LineStream(response, callback).change(change.work());
      case Answer.Change change -> change(change, response, callback);
      case Answer.Watch _ -> throw new IllegalStateException("a watch is no whole answer");
    }
  }

  private static void send(Path file, Response response, Callback callback) {
    try {
      long size = Files.size(file);
      response.setStatus(200);
      response.getHeaders().put(HttpHeader.CONTENT_TYPE, "application/octet-stream");
      response.getHeaders().put(HttpHeader.CONTENT_LENGTH, size);
      try (OutputStream out = Content.Sink.asOutputStream(response)) {
        long _ = Files.copy(file, out);
      }
      callback.succeeded();
    } catch (IOException e) {
      callback.failed(e);
    }
  }

  private static void change(Answer.Change change, Response response, Callback callback) {
    try {
      Object result = change.work().run(_ -> {});
      if (result == null) {
        response.setStatus(change.status());
        callback.succeeded();
      } else {
        send(response, callback, change.status(), JSON, Json.line(result));
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      fail(response, callback, Problem.of(Problem.Code.UNAVAILABLE, "the agent ends"));
    } catch (IOException | RuntimeException e) {
      fail(response, callback, Problem.of(e));
    }
  }

  static void fail(Response response, Callback callback, Problem problem) {
    send(response, callback, problem.status(), PROBLEM, Json.line(problem));
  }

  private static void send(
      Response response, Callback callback, int status, String contentType, String text) {
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    response.setStatus(status);
    response.getHeaders().put(HttpHeader.CONTENT_TYPE, contentType);
    response.getHeaders().put(HttpHeader.CONTENT_LENGTH, bytes.length);
    response.write(true, ByteBuffer.wrap(bytes), callback);
  }

  /** What the HTTP library refuses before we see it is told as all else is. */
  private static boolean refused(Request request, Response response, Callback callback) {
    int status = response.getStatus();
    Object message = request.getAttribute(ErrorHandler.ERROR_MESSAGE);
    Problem.Code code =
        switch (status) {
          case 413, 414, 431 -> Problem.Code.TOO_LARGE;
          case 503 -> Problem.Code.UNAVAILABLE;
          default -> status >= 500 ? Problem.Code.INTERNAL : Problem.Code.USAGE;
        };
    Problem problem = Problem.of(code, "the request is refused: " + message);
    fail(
        response,
        callback,
        new Problem(problem.type(), problem.title(), status, problem.detail(), problem.code()));
    return true;
  }

  /** Ends when requests have been answered, or have been given the time for it. */
  @Override
  public void close() throws IOException {
    // From here on whoever asks finds no agent, and waits for the next.
    Files.deleteIfExists(socket);
    Files.deleteIfExists(aside(socket));
    long deadline = System.nanoTime() + END_NANOS_MAX;
    while (busy.get() > 0 && System.nanoTime() - deadline < 0) {
      try {
        Thread.sleep(10);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        break;
      }
    }
    try {
      server.setStopTimeout(0);
      server.stop();
    } catch (Exception e) {
      throw new IOException("the server does not end: " + e.getMessage(), e);
    }
  }
}
