package io.tardigrade.reset;

import io.tardigrade.guest.HostPaths;
import io.tardigrade.linux.LinuxFile;
import java.io.IOException;
import java.nio.file.Files;
import java.util.concurrent.TimeUnit;

/** Orders those who load kernels: the one that runs takes one at a time and refuses the others. */
final class KexecLock {
  private static final long NANOS_MAX = TimeUnit.SECONDS.toNanos(70);
  private static final long POLL_MILLIS = 20;

  private KexecLock() {}

  /** Taken when this returns; closing the file lets go of it. */
  static LinuxFile take(HostPaths paths) throws IOException {
    Files.createDirectories(paths.run());
    LinuxFile lock = LinuxFile.openOrCreate(paths.run().resolve("kexec.lock"));
    try {
      await(lock);
      return lock;
    } catch (IOException e) {
      lock.close();
      throw e;
    }
  }

  private static void await(LinuxFile lock) throws IOException {
    long deadline = System.nanoTime() + NANOS_MAX;
    try {
      while (!lock.tryLock()) {
        if (System.nanoTime() - deadline > 0) {
          throw new IOException("another process has been loading a kernel for too long");
        }
        Thread.sleep(POLL_MILLIS);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted", e);
    }
  }
}
