package io.tardigrade.linux;

import java.io.IOException;

/** A system call failed. Carries the call's name and {@code errno}. */
public final class LinuxException extends IOException {
  private static final long serialVersionUID = 1L;

  private final String call;
  private final int errno;

  public LinuxException(String call, int errno) {
    super(call + ": " + Errno.name(errno));
    this.call = call;
    this.errno = errno;
  }

  /** The system call that failed, with what it was given where that helps. */
  public String call() {
    return call;
  }

  /** The error number, see {@link Errno}. */
  public int errno() {
    return errno;
  }
}
