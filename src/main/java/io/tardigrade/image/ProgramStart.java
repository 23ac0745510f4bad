package io.tardigrade.image;

import java.nio.charset.StandardCharsets;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * How the guest starts its one program, with everything resolved.
 *
 * @param executable absolute path in the guest
 * @param argv the program's arguments, its own name first, as given by the user
 * @param environment the whole environment
 */
record ProgramStart(
    String executable,
    List<String> argv,
    Map<String, String> environment,
    String workingFolder,
    UserIds user) {
  // Linux takes 128 KiB for one argument and 2 MiB for all; half of that leaves room for pointers.
  private static final int WORD_BYTES_MAX = 128 * 1024 - 1;
  private static final int TOTAL_BYTES_MAX = 1 << 20;

  /** Folder of the guest that holds setpriv, its linker and its libraries. */
  static final String PRIVILEGE_FOLDER = BootFiles.OWN + "/setpriv";

  ProgramStart {
    argv = List.copyOf(argv);
    environment = Collections.unmodifiableMap(new LinkedHashMap<>(environment));
  }

  /**
   * The script that becomes the program. Its last step is a shell of ours that puts the program's
   * own name into {@code argv[0]}; that shell would drop variables whose names it cannot hold, so
   * an environment with such a name skips it and the name is the executable's path.
   */
  String script() throws ImageException {
    requireSizes();
    StringBuilder script = new StringBuilder();
    String busybox = BootFiles.BUSYBOX;
    script.append("cd ").append(ShellText.quote(workingFolder)).append(" || exit 126\n");
    script.append("exec ").append(busybox).append(" env -i --");
    environment.forEach((k, v) -> script.append(' ').append(ShellText.quote(k + "=" + v)));
    if (!user.isRoot()) {
      script.append(' ').append(dropPrivileges());
    }
    if (environment.keySet().stream().allMatch(ProgramStart::isIdentifier)) {
      script
          .append(' ')
          .append(busybox)
          .append(" sh -c ")
          .append(ShellText.quote(lastStep()))
          .append(' ')
          .append(ShellText.quote(argv.getFirst()));
    }
    script.append(' ').append(ShellText.quote(executable));
    argv.subList(1, argv.size()).forEach(a -> script.append(' ').append(ShellText.quote(a)));
    return script.append('\n').toString();
  }

  /** Takes away what the shell itself adds to the environment, unless the user set it. */
  private String lastStep() {
    StringBuilder step = new StringBuilder();
    for (String name : List.of("PWD", "OLDPWD", "SHLVL", "_")) {
      if (!environment.containsKey(name)) {
        step.append("unset ").append(name).append("; ");
      }
    }
    return step.append("exec -a \"$0\" \"$@\"").toString();
  }

  private String dropPrivileges() {
    String groups =
        user.groups().isEmpty()
            ? "--clear-groups"
            : "--groups=" + String.join(",", user.groups().stream().map(String::valueOf).toList());
    return String.join(
        " ",
        PRIVILEGE_FOLDER + "/ld.so",
        "--library-path",
        PRIVILEGE_FOLDER,
        PRIVILEGE_FOLDER + "/setpriv",
        "--reuid=" + user.uid(),
        "--regid=" + user.gid(),
        groups,
        "--");
  }

  private void requireSizes() throws ImageException {
    long total = 0;
    for (String word : argv) {
      total += bytes(word);
    }
    for (Map.Entry<String, String> variable : environment.entrySet()) {
      String name = variable.getKey();
      if (name.isEmpty() || name.contains("=") || name.indexOf('\0') >= 0) {
        throw new ImageException("`" + name + "` cannot be a variable's name; rename it");
      }
      total += bytes(name + "=" + variable.getValue());
    }
    if (total > TOTAL_BYTES_MAX) {
      throw new ImageException(
          "the program's arguments and variables are larger than 1 MiB together; use a file");
    }
  }

  private static long bytes(String word) throws ImageException {
    int bytes = word.getBytes(StandardCharsets.UTF_8).length + 1;
    if (bytes > WORD_BYTES_MAX || word.indexOf('\0') >= 0) {
      throw new ImageException(
          "an argument or variable is larger than 128 KiB or holds a NUL; use a file");
    }
    return bytes;
  }

  private static boolean isIdentifier(String name) {
    return name.matches("[A-Za-z_][A-Za-z0-9_]*");
  }
}
