package io.tardigrade.launch;

/**
 * What a user asked for cannot be done now; the message is one line that names what was given, what
 * was expected and what to do.
 */
public final class RefusedException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /** Why it cannot be done, which decides the exit code. */
  public enum Kind {
    /** There is no such thing. */
    NOT_FOUND,
    /** Something stands in the way: a name in use, a port in use, no space, no right. */
    CONFLICT,
    /** Not done in the time allowed, and still going on. */
    TIMED_OUT,
    /** The host's agent could be neither reached nor started. */
    AGENT_UNREACHABLE
  }

  private final Kind kind;

  public RefusedException(Kind kind, String message) {
    super(message);
    this.kind = kind;
  }

  public RefusedException(Kind kind, String message, Throwable cause) {
    super(message, cause);
    this.kind = kind;
  }

  /** Which kind of refusal. */
  public Kind kind() {
    return kind;
  }

  /** Shorthand for {@link Kind#NOT_FOUND}. */
  public static RefusedException notFound(String message) {
    return new RefusedException(Kind.NOT_FOUND, message);
  }

  /** Shorthand for {@link Kind#CONFLICT}. */
  public static RefusedException conflict(String message) {
    return new RefusedException(Kind.CONFLICT, message);
  }
}
