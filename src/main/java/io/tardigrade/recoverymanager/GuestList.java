package io.tardigrade.recoverymanager;

import io.tardigrade.guest.GuestStatus;
import java.io.IOException;
import java.util.List;

/** The guests of a host, asked of their guardians; may take seconds where one hangs. */
public interface GuestList {
  /** All, by name. */
  List<GuestStatus> all() throws IOException;
}
