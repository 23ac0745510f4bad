package io.tardigrade.control;

import io.tardigrade.launch.RefusedException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;

/** What can be asked of a host about its cluster; fails as {@link HostApi} does. Any thread. */
public interface ClusterApi {
  /** All hosts of the cluster by name. */
  List<HostStatus> hosts() throws IOException;

  /** One host. */
  HostStatus host(String name) throws IOException;

  /** What all hosts of the cluster say of their guests; a host that does not answer says why. */
  List<HostGuests> guests() throws IOException, InterruptedException;

  /**
   * A token that lets one machine in.
   *
   * @param role {@code full}, {@code witness} or {@code client}
   * @param validSeconds how long it is good
   */
  String token(String role, long validSeconds) throws IOException;

  /** Takes a host out of the cluster: it is believed no more. */
  void removeHost(String name) throws IOException, InterruptedException;

  /** This host leaves, as another one that takes it out asks it to. */
  void leave() throws IOException;

  /**
   * A file that a guest of this host boots with, for a host that is to keep its replica.
   *
   * @param which {@code kernel} or {@code initrd}
   */
  Path bootFile(String guest, String which) throws IOException;

  /** The answer of a host that is of no cluster. */
  static RefusedException none() {
    return RefusedException.conflict(
        "this host is of no cluster; 'tardigrade host init' begins one, 'tardigrade host join'"
            + " joins one");
  }

  /** Of a host that is of no cluster. */
  ClusterApi NONE =
      new ClusterApi() {
        @Override
        public List<HostStatus> hosts() {
          throw none();
        }

        @Override
        public HostStatus host(String name) {
          throw none();
        }

        @Override
        public List<HostGuests> guests() {
          throw none();
        }

        @Override
        public String token(String role, long validSeconds) {
          throw none();
        }

        @Override
        public void removeHost(String name) {
          throw none();
        }

        @Override
        public void leave() {
          throw none();
        }

        @Override
        public Path bootFile(String guest, String which) {
          throw none();
        }
      };
}
