package io.tardigrade.network;

import java.io.IOException;
import java.util.List;
import java.util.Optional;

/** Finds networks that nothing on this machine uses yet. */
public final class FreeSubnet {
  private FreeSubnet() {}

  /** The first of {@code candidates} that shares no address with a route or address of ours. */
  public static Optional<Subnet> firstOf(List<Subnet> candidates) throws IOException {
    List<Links.Route> routes = Links.routes();
    return candidates.stream()
        .filter(candidate ->
            routes.stream()
                .map(Links.Route::subnet)
                .noneMatch(route ->
                    route.prefix() >= SubnetChoice.PREFIX_SPECIFIC_MIN
                        && route.overlaps(candidate)))
        .findFirst();
  }
}
