package io.tardigrade.netlab;

import io.tardigrade.guest.HostPaths;

/**
 * Names of what a lab has on this machine. All begin with the same, which tells the installation:
 * what a command that was cut off left behind is found by that alone.
 *
 * @param prefix such as {@code tglab-} or {@code tg3f0c2a-}
 */
record Names(String prefix) {
  static Names of(HostPaths paths) {
    return new Names("tg" + (paths.instance().isEmpty() ? "lab" : paths.instance()) + "-");
  }

  /** Namespace in which all cables end. */
  String wire() {
    return prefix + "wire";
  }

  /** Namespace of a host. */
  String namespace(String host) {
    return prefix + host;
  }

  /** This machine's cable to the cluster's network. */
  String clusterDevice() {
    return prefix + "c";
  }

  /** This machine's cable to the guests' network. */
  String guestsDevice() {
    return prefix + "u";
  }
}
