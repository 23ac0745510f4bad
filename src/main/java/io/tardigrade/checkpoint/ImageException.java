package io.tardigrade.checkpoint;

import java.io.IOException;

/** An image cannot be used as it is; the message is one line that says why and what to do. */
public final class ImageException extends IOException {
  private static final long serialVersionUID = 1L;

  private ImageException(String message) {
    super(message);
  }

  static ImageException because(String message) {
    return new ImageException(message);
  }

  /** Contents that no crash of ours can leave behind. */
  static ImageException damaged(String file, String found) {
    return new ImageException(
        "image is damaged: "
            + file
            + ": "
            + found
            + "; keep its files for diagnosis, or delete the image and boot the guest afresh");
  }
}
