package io.tardigrade.control;

import io.tardigrade.guest.UsageException;
import io.tardigrade.launch.RefusedException;
import java.io.IOException;
import java.nio.file.FileSystemException;
import java.util.Locale;

/**
 * What went wrong with a request, as {@code application/problem+json} (RFC 9457).
 *
 * @param type a URI that stands for {@code code}
 * @param title the code in words, the same each time
 * @param status of HTTP
 * @param detail the line that a user is shown: what was given, what was expected, what to do
 * @param code stable, for programs; decides the exit code of a command
 */
public record Problem(String type, String title, int status, String detail, String code) {
  private static final int DETAIL_CHARS_MAX = 4000;

  /** All kinds, with the exit code that a command ends with. */
  public enum Code {
    FAILED(500, "It failed", 1),
    INTERNAL(500, "An error of Tardigrade's own", 1),
    USAGE(400, "The request is not understood, or a value is out of range", 2),
    TOO_LARGE(413, "The request is too large", 2),
    NO_SUCH_ROUTE(404, "There is nothing under this path", 2),
    WRONG_METHOD(405, "This path does not take this method", 2),
    NOT_FOUND(404, "There is no such thing", 4),
    CONFLICT(409, "Something stands in the way", 5),
    TIMED_OUT(504, "Not done in time, and still going on", 6),
    UNAVAILABLE(503, "The agent takes no requests now", 7);

    private final int status;
    private final String title;
    private final int exitCode;

    Code(int status, String title, int exitCode) {
      this.status = status;
      this.title = title;
      this.exitCode = exitCode;
    }

    /** As it is written. */
    public String text() {
      return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }

    /** What a command that meets it ends with. */
    public int exitCode() {
      return exitCode;
    }

    /** Status of HTTP. */
    public int status() {
      return status;
    }

    static Code of(String text) {
      for (Code code : values()) {
        if (code.text().equals(text)) {
          return code;
        }
      }
      return FAILED;
    }
  }

  /** A problem of this kind. */
  public static Problem of(Code code, String detail) {
    return new Problem(
        "urn:tardigrade:problem:" + code.text(),
        code.title,
        code.status,
        oneLine(detail),
        code.text());
  }

  /** What a failure amounts to. */
  public static Problem of(Throwable e) {
    return switch (e) {
      case UsageException _ -> of(Code.USAGE, message(e));
      case RefusedException refused -> of(code(refused.kind()), message(e));
      case IOException _ -> of(Code.FAILED, message(e));
      default -> of(Code.INTERNAL, "internal error, please report it: " + e);
    };
  }

  private static Code code(RefusedException.Kind kind) {
    return switch (kind) {
      case NOT_FOUND -> Code.NOT_FOUND;
      case CONFLICT -> Code.CONFLICT;
      case TIMED_OUT -> Code.TIMED_OUT;
      case AGENT_UNREACHABLE -> Code.UNAVAILABLE;
    };
  }

  private static String message(Throwable e) {
    String message = String.valueOf(e.getMessage());
    // Those of the JDK say only which file.
    return e instanceof FileSystemException file && file.getReason() == null
        ? e.getClass().getSimpleName().replace("Exception", "") + ": " + message
        : message;
  }

  private static String oneLine(String text) {
    String line = text.strip().replaceAll("\\s*\\n\\s*", "; ").replaceAll("\\p{Cntrl}", " ");
    return line.length() <= DETAIL_CHARS_MAX ? line : line.substring(0, DETAIL_CHARS_MAX) + "…";
  }

  /**
   * Fails as the other side did.
   *
   * @throws IOException where it is neither a refusal nor a misuse
   */
  public void raise() throws IOException {
    switch (Code.of(code)) {
      case USAGE, TOO_LARGE, NO_SUCH_ROUTE, WRONG_METHOD -> throw new UsageException(detail);
      case NOT_FOUND -> throw RefusedException.notFound(detail);
      case CONFLICT -> throw RefusedException.conflict(detail);
      case TIMED_OUT -> throw new RefusedException(RefusedException.Kind.TIMED_OUT, detail);
      case UNAVAILABLE ->
          throw new RefusedException(RefusedException.Kind.AGENT_UNREACHABLE, detail);
      case FAILED, INTERNAL -> throw new IOException(detail);
    }
  }
}
