package io.tardigrade.qemu;

import java.io.IOException;

/** The monitor refused a command, or said something that is no QMP. */
public final class QmpException extends IOException {
  private static final long serialVersionUID = 1L;

  public QmpException(String message) {
    super(message);
  }
}
