package io.tardigrade.image;

import java.util.List;

/**
 * Who a program runs as, in numbers.
 *
 * @param groups supplementary groups
 * @param home the user's home folder
 */
record UserIds(int uid, int gid, List<Integer> groups, String home) {
  static final UserIds ROOT = new UserIds(0, 0, List.of(), "/root");

  UserIds {
    groups = List.copyOf(groups);
  }

  boolean isRoot() {
    return uid == 0 && gid == 0 && groups.isEmpty();
  }
}
