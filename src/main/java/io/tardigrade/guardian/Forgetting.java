package io.tardigrade.guardian;

import io.tardigrade.coordination.GuestRegister;
import io.tardigrade.replication.View;
import java.io.IOException;

/** Has a cluster forget a guest that has powered off. */
final class Forgetting {
  private static final long RETRY_MILLIS = 500;

  private Forgetting() {}

  /**
   * Forgets a guest, and waits until that is done: until then a host that loses this one would
   * bring the guest back to its last checkpoint, from where it powers off again.
   *
   * @param led the view by which this host leads it
   * @throws IOException where another host leads it by now
   */
  static void forget(GuestRegister register, String name, String id, View led) throws IOException {
    String fault = "";
    while (true) {
      try {
        if (!register.forget(name, id, led)) {
          throw new KeptByOthersException("guest " + id + " is led by another host by now");
        }
        return;
      } catch (KeptByOthersException e) {
        throw e;
      } catch (IOException e) {
        String found = String.valueOf(e.getMessage());
        if (!found.equals(fault)) {
          fault = found;
          Log.warn("the guest has ended, which the cluster is still to be told: " + found);
        }
      }
      try {
        Thread.sleep(RETRY_MILLIS);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new IOException("interrupted", e);
      }
    }
  }

  /** Another host leads the guest. */
  private static final class KeptByOthersException extends IOException {
    private static final long serialVersionUID = 1;

    KeptByOthersException(String message) {
      super(message);
    }
  }
}
