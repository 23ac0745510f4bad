package io.tardigrade.image;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * The users and groups of one system, from the text of its two files. Lines that do not fit are
 * passed over, as the C library does.
 *
 * <pre>
 *   passwd:  name:password:uid:gid:comment:home:shell
 *   group:   name:password:gid:member,member,…
 * </pre>
 */
final class UserDatabase {
  private final List<String[]> users;
  private final List<String[]> groups;

  UserDatabase(String passwd, String group) {
    users = lines(passwd, 7, 2);
    groups = lines(group, 4, 2);
  }

  /**
   * Resolves {@code NAME}, {@code UID}, {@code NAME:GROUP} and so on, as OCI images write it. A
   * number needs no entry.
   */
  UserIds resolve(String text) throws ImageException {
    int colon = text.indexOf(':');
    String userText = colon < 0 ? text : text.substring(0, colon);
    @Nullable String groupText = colon < 0 ? null : text.substring(colon + 1);
    String[] user = find(users, userText);
    if (user == null && !isId(userText)) {
      throw unknown("user", userText);
    }
    int uid = user == null ? Integer.parseInt(userText) : Integer.parseInt(user[2]);
    String home = user == null || user[5].isEmpty() ? "/" : user[5];
    if (groupText != null) {
      return new UserIds(uid, groupId(groupText), List.of(), home);
    }
    if (user == null) {
      return new UserIds(uid, 0, List.of(), home);
    }
    String name = user[0];
    int gid = isId(user[3]) ? Integer.parseInt(user[3]) : 0;
    return new UserIds(uid, gid, groupsOf(name, gid), home);
  }

  /** The lines of passwd and group that a guest with user {@code ids} should know. */
  String passwdLines(UserIds ids) {
    StringBuilder text = new StringBuilder();
    users.stream().filter(has(2, ids.uid())).forEach(f -> text.append(line(f)));
    return text.toString();
  }

  String groupLines(UserIds ids) {
    StringBuilder text = new StringBuilder();
    List<Integer> wanted = new ArrayList<>(ids.groups());
    wanted.add(ids.gid());
    for (int gid : wanted) {
      groups.stream().filter(has(2, gid)).forEach(f -> text.append(line(f)));
    }
    return text.toString();
  }

  private int groupId(String text) throws ImageException {
    String[] group = find(groups, text);
    if (group != null) {
      return Integer.parseInt(group[2]);
    }
    if (!isId(text)) {
      throw unknown("group", text);
    }
    return Integer.parseInt(text);
  }

  private List<Integer> groupsOf(String user, int gid) {
    List<Integer> ids = new ArrayList<>();
    for (String[] group : groups) {
      int id = Integer.parseInt(group[2]);
      if (id != gid && !ids.contains(id) && List.of(group[3].split(",", -1)).contains(user)) {
        ids.add(id);
      }
    }
    return ids;
  }

  private static String @Nullable [] find(List<String[]> entries, String text) {
    for (String[] entry : entries) {
      if (entry[0].equals(text)) {
        return entry;
      }
    }
    for (String[] entry : entries) {
      if (isId(text) && Integer.parseInt(entry[2]) == Integer.parseInt(text)) {
        return entry;
      }
    }
    return null;
  }

  private static List<String[]> lines(String text, int fields, int idField) {
    List<String[]> entries = new ArrayList<>();
    for (String line : text.split("\n", -1)) {
      String[] entry = line.split(":", -1);
      if (entry.length == fields && isId(entry[idField]) && !entry[0].isEmpty()) {
        entries.add(entry);
      }
    }
    return entries;
  }

  private static Predicate<String[]> has(int field, int id) {
    return entry -> Integer.parseInt(entry[field]) == id;
  }

  private static String line(String[] entry) {
    return String.join(":", entry) + "\n";
  }

  private static boolean isId(String text) {
    return text.matches("\\d{1,9}");
  }

  private static ImageException unknown(String what, String name) {
    return new ImageException(
        "the image has no " + what + " `" + name + "`; name one it has, or give a number");
  }
}
