package io.tardigrade.lab;

import io.tardigrade.guest.HostPaths;
import java.nio.file.Path;

/**
 * Where a lab host keeps its files.
 *
 * <pre>
 *   STATE/lab/NAME/host.json     what it is
 *                 /disk.qcow2    what it wrote, over the system disk
 *                 /program.img   the program under test, read-only in the host
 *                 /console.log   all that its console ever showed
 *                 /machine.log   what QEMU said
 *   RUN/lab/NAME/console  monitor  port1 …   sockets
 *               /lock  console.lock  port1.lock …
 *               /pid
 * </pre>
 *
 * @param state its folder in the installation's state
 * @param run its folder for sockets
 */
record HostFiles(Path state, Path run) {
  /** Commands that can run in a host at once. */
  static final int PORTS = 8;

  static HostFiles of(HostPaths paths, String name) {
    return new HostFiles(hosts(paths).resolve(name), paths.run().resolve("lab").resolve(name));
  }

  /** The folder of all hosts' folders. */
  static Path hosts(HostPaths paths) {
    return paths.state().resolve("lab");
  }

  Path spec() {
    return state.resolve("host.json");
  }

  Path disk() {
    return state.resolve("disk.qcow2");
  }

  Path program() {
    return state.resolve("program.img");
  }

  Path consoleLog() {
    return state.resolve("console.log");
  }

  Path machineLog() {
    return state.resolve("machine.log");
  }

  Path console() {
    return run.resolve("console");
  }

  Path monitor() {
    return run.resolve("monitor");
  }

  Path pid() {
    return run.resolve("pid");
  }

  Path port(int number) {
    return run.resolve("port" + number);
  }
}
