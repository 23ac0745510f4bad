package io.tardigrade.launch;

import io.tardigrade.guest.Quantities;
import io.tardigrade.guest.UsageException;

/**
 * The least memory with which a guest boots whose files are unpacked into it: with less, the kernel
 * of the guests gives up before anything runs. Measured with that kernel (Debian 12, 6.1): it and
 * what it needs to start take 65 to 71 MiB, the files are there twice until they are unpacked, and
 * each further processor takes less than a mebibyte. What the program needs comes on top. Pure.
 */
final class LeastMemory {
  private static final long MIB = 1L << 20;
  static final long KERNEL_BYTES = 72 * MIB;
  static final long PER_VCPU_BYTES = MIB;

  /** What is named in an error leaves the program as much as this. */
  private static final long STEP_BYTES = 32 * MIB;

  private LeastMemory() {}

  /**
   * In whole MiB.
   *
   * @param imageBytes of the files
   */
  static long bytes(long imageBytes, int vcpus) {
    long bytes = KERNEL_BYTES + 2 * imageBytes + (vcpus - 1) * PER_VCPU_BYTES;
    return (bytes + MIB - 1) / MIB * MIB;
  }

  /** Refuses a guest that would never boot. */
  static void check(LaunchRequest request, long imageBytes) {
    long least = bytes(imageBytes, request.vcpus());
    if (request.memoryBytes() < least) {
      throw new UsageException(
          "memory of "
              + Quantities.bytes(request.memoryBytes())
              + " is too little for "
              + request.source().description()
              + ": with an image of "
              + Quantities.bytes(imageBytes)
              + " a guest boots with "
              + least / MIB
              + "M at the least; give more, like --memory "
              + (least + STEP_BYTES) / STEP_BYTES * STEP_BYTES / MIB
              + "M");
    }
  }
}
