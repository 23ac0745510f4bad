package io.tardigrade.network;

/** An Ethernet address, in the lower 48 of {@code bits}. Immutable. */
public record Mac(long bits) {
  public Mac {
    if (bits >>> 48 != 0) {
      throw new IllegalArgumentException("an Ethernet address has 48 bits, given 0x" + hex(bits));
    }
  }

  /** Reads six hexadecimal bytes separated by colons. */
  public static Mac parse(String text) {
    if (!text.matches("[0-9a-fA-F]{2}(:[0-9a-fA-F]{2}){5}")) {
      throw new IllegalArgumentException(
          "'" + text + "' is not an Ethernet address, expected one such as 52:54:00:75:00:02");
    }
    return new Mac(Long.parseLong(text.replace(":", ""), 16));
  }

  private static String hex(long bits) {
    return Long.toHexString(bits);
  }

  @Override
  public String toString() {
    return String.format(
        "%02x:%02x:%02x:%02x:%02x:%02x",
        bits >>> 40,
        bits >>> 32 & 255,
        bits >>> 24 & 255,
        bits >>> 16 & 255,
        bits >>> 8 & 255,
        bits & 255);
  }
}
