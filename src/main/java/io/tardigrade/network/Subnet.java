package io.tardigrade.network;

/** An IPv4 network: its first address and how many leading bits are fixed. Immutable. */
public record Subnet(Ipv4 base, int prefix) {
  public Subnet {
    if (prefix < 0 || prefix > 32 || (base.bits() & ~mask(prefix)) != 0) {
      throw new IllegalArgumentException(
          "'" + base + "/" + prefix + "' is not a network, expected one such as 10.117.0.0/24");
    }
  }

  /** Reads {@code 10.117.0.0/24}; an address alone is a network of one address. */
  public static Subnet parse(String text) {
    int slash = text.indexOf('/');
    if (slash < 0) {
      return new Subnet(Ipv4.parse(text), 32);
    }
    String length = text.substring(slash + 1);
    if (!length.matches("[0-9]{1,2}")) {
      throw new IllegalArgumentException(
          "'" + text + "' is not a network, expected one such as 10.117.0.0/24");
    }
    return new Subnet(Ipv4.parse(text.substring(0, slash)), Integer.parseInt(length));
  }

  private static int mask(int prefix) {
    return prefix == 0 ? 0 : -1 << (32 - prefix);
  }

  /** The network mask, such as 255.255.255.0. */
  public Ipv4 mask() {
    return new Ipv4(mask(prefix));
  }

  /** The first address for hosts: the bridge's own. */
  public Ipv4 gateway() {
    return at(1);
  }

  /** The last address, to which all hosts listen. */
  public Ipv4 broadcast() {
    return new Ipv4(base.bits() | ~mask(prefix));
  }

  /** The address {@code index} after the network's first. */
  public Ipv4 at(int index) {
    return new Ipv4(base.bits() + index);
  }

  /** Whether {@code address} belongs to it. */
  public boolean contains(Ipv4 address) {
    return (address.bits() & mask(prefix)) == base.bits();
  }

  /** Whether the two share an address. */
  public boolean overlaps(Subnet other) {
    return prefix <= other.prefix ? contains(other.base) : other.contains(base);
  }

  @Override
  public String toString() {
    return base + "/" + prefix;
  }
}
