package io.tardigrade.coordination;

import java.nio.charset.StandardCharsets;
import java.util.regex.Pattern;

/** Where {@link GuestRegister} has its nodes. */
final class GuestNodes {
  private static final String ROOT = "/tardigrade";
  private static final Pattern NAME = Pattern.compile("[a-zA-Z0-9][a-zA-Z0-9._-]{0,62}");

  String guests() {
    return ROOT + "/guests";
  }

  String names() {
    return ROOT + "/names";
  }

  String ended() {
    return ROOT + "/ended";
  }

  String of(String id) {
    return guests() + "/" + checked(id);
  }

  String node(String id, String kind, String host) {
    return of(id) + "/" + kind + "/" + checked(host);
  }

  String name(String name) {
    return names() + "/" + checked(name);
  }

  String ended(String id) {
    return ended() + "/" + checked(id);
  }

  private static String checked(String name) {
    if (!NAME.matcher(name).matches()) {
      throw new IllegalArgumentException("'" + name + "', expected up to 63 of a-z A-Z 0-9 . _ -");
    }
    return name;
  }

  static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  static String text(byte[] bytes) {
    return new String(bytes, StandardCharsets.UTF_8);
  }
}
