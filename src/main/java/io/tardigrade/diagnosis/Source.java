package io.tardigrade.diagnosis;

import java.io.IOException;

/**
 * Something to collect.
 *
 * @param name of the file in the archive
 * @param about what it is, for people
 * @param reading may hang, on a sick host: it is run on a thread that nobody waits for long
 */
record Source(String name, String about, Reading reading) {
  /** Reads at most one byte more than {@code bytesMax}; throws where there is nothing to be had. */
  interface Reading {
    byte[] read(int bytesMax) throws IOException;
  }
}
