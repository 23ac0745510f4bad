package io.tardigrade.box;

import io.tardigrade.guest.HostPaths;
import io.tardigrade.launch.Addressing;
import io.tardigrade.launch.HostAddressing;
import java.io.IOException;
import java.util.List;

/**
 * Run in the box: sets the network of an installation up as for a guest, and prints the guest's
 * address, its gateway and the bridge.
 */
final class GuestPlace {
  private GuestPlace() {}

  public static void main(String[] arguments) throws IOException {
    HostAddressing addressing = new HostAddressing(HostPaths.of(System.getenv()));
    Addressing.Place place = addressing.place(arguments[0]);
    addressing.publish(arguments[0], List.of());
    System.out.println(place.address() + " " + place.gateway() + " " + place.bridge());
  }
}
