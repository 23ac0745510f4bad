package io.tardigrade.guardian;

import java.io.IOException;

/** A guest that must not be resumed, nor restarted without a person having looked at its files. */
final class KeptException extends IOException {
  private static final long serialVersionUID = 1;

  KeptException(String message) {
    super(message);
  }
}
