package io.tardigrade.control;

import io.tardigrade.guest.GuestStatus;
import java.util.List;

/**
 * What one host of a cluster says of the guests it runs or keeps.
 *
 * @param host its name
 * @param guests by name; none where it does not answer
 * @param fault why it does not answer, one line; empty where it does
 */
public record HostGuests(String host, List<GuestStatus> guests, String fault) {
  public HostGuests {
    guests = List.copyOf(guests);
  }
}
