package io.tardigrade.netlab;

import io.tardigrade.guest.HostPaths;
import java.nio.file.Path;
import java.util.Map;

/**
 * Where a lab of namespaces and its hosts keep their files.
 *
 * <pre>
 *   STATE/namespaces/namespaces.json   what the lab is
 *                   /bin/tardigrade    the program under test
 *                   /h1/               state folder of h1, its disk
 *                   /h1.log            what its agent said
 *   RUN/ns/h1      run folder of h1, its RAM
 *   IMAGES/ns/h1   images folder of h1, its RAM
 * </pre>
 */
record HostFolders(HostPaths paths) {
  Path lab() {
    return paths.state().resolve("namespaces");
  }

  Path spec() {
    return lab().resolve("namespaces.json");
  }

  Path programs() {
    return lab().resolve("bin");
  }

  Path run() {
    return paths.run().resolve("ns");
  }

  Path images() {
    return paths.images().resolve("ns");
  }

  Path log(String host) {
    return lab().resolve(host + ".log");
  }

  /** Where the installation in a host has its files. */
  HostPaths of(String host) {
    return HostPaths.of(environment(host));
  }

  /** The variables that tell the program in a host where its files are. */
  Map<String, String> environment(String host) {
    return Map.of(
        "TARDIGRADE_STATE", lab().resolve(host).toString(),
        "TARDIGRADE_RUN", run().resolve(host).toString(),
        "TARDIGRADE_IMAGES", images().resolve(host).toString());
  }
}
