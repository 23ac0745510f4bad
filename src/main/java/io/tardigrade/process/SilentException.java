package io.tardigrade.process;

import java.io.IOException;

/** Whoever was asked is there, and says nothing within its time: it hangs. */
public final class SilentException extends IOException {
  private static final long serialVersionUID = 1L;

  SilentException(String message) {
    super(message);
  }
}
