package io.tardigrade.network;

/** An IPv4 address; {@code bits} holds it in the order in which it is written. Immutable. */
public record Ipv4(int bits) implements Comparable<Ipv4> {

  /** Reads the usual dotted form, four decimal numbers without leading zeros. */
  public static Ipv4 parse(String text) {
    String[] parts = text.split("\\.", -1);
    int bits = 0;
    boolean good = parts.length == 4;
    for (int i = 0; good && i < 4; i++) {
      String part = parts[i];
      // "010" is octal to some programs and decimal to others: refused rather than guessed.
      good = part.matches("0|[1-9][0-9]{0,2}") && Integer.parseInt(part) <= 255;
      bits = good ? bits << 8 | Integer.parseInt(part) : 0;
    }
    if (!good) {
      throw new IllegalArgumentException(
          "'" + text + "' is not an IPv4 address, expected four numbers such as 10.117.0.2");
    }
    return new Ipv4(bits);
  }

  /** Whether it lies in 127.0.0.0/8. */
  public boolean isLoopback() {
    return bits >>> 24 == 127;
  }

  /** The address {@code count} after this one. */
  public Ipv4 plus(int count) {
    return new Ipv4(bits + count);
  }

  /** The number of this address within its /24, 0 to 255. */
  public int lastByte() {
    return bits & 0xff;
  }

  /**
   * The Ethernet address that goes with this address, for life: 52:54:00 (locally administered, as
   * QEMU's) and the last three bytes of the IPv4 address, so unique within a subnet up to /8.
   */
  public Mac mac() {
    return new Mac(0x5254_00L << 24 | (bits & 0xff_ffff));
  }

  @Override
  public int compareTo(Ipv4 other) {
    return Integer.compareUnsigned(bits, other.bits);
  }

  @Override
  public String toString() {
    return (bits >>> 24)
        + "."
        + (bits >>> 16 & 255)
        + "."
        + (bits >>> 8 & 255)
        + "."
        + (bits & 255);
  }
}
