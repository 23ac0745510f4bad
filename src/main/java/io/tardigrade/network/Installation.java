package io.tardigrade.network;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;

/**
 * One installation of Tardigrade on a host, and the names of what it owns there. Every other
 * installation has its own bridge, subnet and nftables table.
 *
 * @param id told by the user, {@code default} where nothing is
 */
public record Installation(String id) {
  /** The installation a user has who never asked for another. */
  public static final Installation DEFAULT = new Installation("default");

  public Installation {
    if (!id.matches("[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")) {
      throw new IllegalArgumentException(
          "'"
              + id
              + "' cannot name an installation, expected 1 to 64 letters, digits, '.', '_', '-'");
    }
  }

  /** The bridge's name. */
  public String bridge() {
    return id.equals("default") ? "tardigrade0" : "tg" + token() + "-br";
  }

  /** The name of the nftables table, of family ip. */
  public String table() {
    return bridge();
  }

  /** How the names of its TAP devices begin. */
  public String tapPrefix() {
    return "tg" + token() + "-";
  }

  /** The name of the TAP device of the guest that has this address. */
  public String tap(Ipv4 address) {
    return tapPrefix() + address.lastByte();
  }

  /** As {@link #tap}, where the addresses of a host's guests have their last two bytes for them. */
  String wideTap(Ipv4 address) {
    return tapPrefix() + (address.bits() >>> 8 & 255) + "-" + address.lastByte();
  }

  /** What stands at its bridge, so that nobody else's is taken for ours. */
  String bridgeAlias() {
    return "tardigrade installation " + id;
  }

  /** Device names have 15 characters: 5 of them tell installations apart, told or not. */
  private String token() {
    if (id.equals("default")) {
      return "0";
    }
    try {
      byte[] hash =
          MessageDigest.getInstance("SHA-256").digest(id.getBytes(StandardCharsets.UTF_8));
      long number = 0;
      for (int i = 0; i < 6; i++) {
        number = number << 8 | (hash[i] & 255);
      }
      String digits = "0000" + Long.toString(number, 36);
      return digits.substring(digits.length() - 5);
    } catch (NoSuchAlgorithmException e) {
      throw new AssertionError("every JDK has SHA-256", e);
    }
  }
}
