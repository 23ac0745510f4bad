package io.tardigrade.recoverymanager;

import io.tardigrade.monitor.ServiceSample;
import io.tardigrade.recovery.Decision.Target;
import java.io.IOException;
import java.util.List;

/** The services of a host, to whoever cares for it: they are looked at, and recycled. */
public interface Services {
  /**
   * All services as they are now. Never waits for one. What a hypervisor's sample has for memory is
   * its guest's RAM, which is not its own; that of others is 0.
   *
   * @param uptimeMillis now
   */
  List<ServiceSample> sample(long uptimeMillis);

  /**
   * Guests whose service was recycled for its failing and that have got on since, each told once.
   */
  List<String> recovered();

  /**
   * Ends a service where it still runs, and has the next one started.
   *
   * @param why the decision in one sentence, for the guest's incident
   */
  void recycle(Target target, String why) throws IOException;
}
