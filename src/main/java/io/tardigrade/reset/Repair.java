package io.tardigrade.reset;

import java.io.IOException;

/**
 * The right to take this host's operating system from beneath its guests: of the hosts of a cluster
 * one has it at a time.
 */
public interface Repair {
  /** Of a host that is of no cluster. */
  Repair ALONE =
      new Repair() {
        @Override
        public void begin(String reason) {}

        @Override
        public void end() {}

        @Override
        public String other() {
          return "";
        }
      };

  /** Of a host that cannot ask, for this reason. */
  static Repair unknown(String why) {
    String sentence = "whether another host is being repaired cannot be told: " + why;
    return new Repair() {
      @Override
      public void begin(String reason) throws IOException {
        throw new IOException(sentence);
      }

      @Override
      public void end() {}

      @Override
      public String other() {
        return sentence;
      }
    };
  }

  /**
   * Begins one, or goes on with this host's own.
   *
   * @throws io.tardigrade.launch.RefusedException where another host is being repaired
   * @throws IOException where that cannot be told
   */
  void begin(String reason) throws IOException;

  /** It has come to nothing. */
  void end() throws IOException;

  /** In one line which other host is being repaired, or that it cannot be told; empty for none. */
  String other();
}
