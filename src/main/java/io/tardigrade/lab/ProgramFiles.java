package io.tardigrade.lab;

import io.tardigrade.linux.NativeHelpers;
import java.io.File;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.spi.ToolProvider;

/**
 * The program that runs here, as it is shown in a lab host.
 *
 * @param files name under /opt/tardigrade to the file or folder here
 * @param classPath names of those that make up the class path, in its order
 */
record ProgramFiles(Map<String, Path> files, List<String> classPath) {
  static final String ROOT = "/opt/tardigrade/";

  private static final String JAR = ".jar";

  /**
   * This JVM's class path, the libraries that a jar finds in the folder {@code lib} beside it, and
   * the helpers that are not Java.
   */
  static ProgramFiles current() throws IOException {
    // Surefire hands its tests one jar that only names the real class path.
    String path =
        System.getProperty("surefire.test.class.path", System.getProperty("java.class.path"));
    Map<String, Path> files = new LinkedHashMap<>();
    List<String> classPath = new ArrayList<>();
    for (String entry : path.split(File.pathSeparator, -1)) {
      Path file = Path.of(entry).toAbsolutePath().normalize();
      if (entry.isEmpty() || !Files.exists(file)) {
        continue;
      }
      boolean library = !Files.isDirectory(file) && !isProgram(file);
      String name = (library ? "lib/" : "") + file.getFileName();
      files.put(name, file);
      classPath.add(Files.isDirectory(file) ? name + JAR : name);
      if (isProgram(file) && Files.isDirectory(file.resolveSibling("lib"))) {
        files.put("lib", file.resolveSibling("lib"));
      }
    }
    files.put("native", NativeHelpers.labHelper().resolveSibling(""));
    return new ProgramFiles(files, classPath);
  }

  private static boolean isProgram(Path file) {
    return file.getFileName().toString().equals("tardigrade.jar");
  }

  /** The value of {@code CLASSPATH} in the host. */
  String inHost() {
    return ROOT + String.join(":" + ROOT, classPath);
  }

  /** Copies all into {@code folder}; classes that lie in folders are packed into jars. */
  void stage(Path folder) throws IOException {
    for (Map.Entry<String, Path> entry : files.entrySet()) {
      String name = entry.getKey();
      if (classPath.contains(name + JAR)) {
        pack(entry.getValue(), folder.resolve(name + JAR));
      } else {
        copy(entry.getValue(), folder.resolve(name));
      }
    }
  }

  static void copy(Path source, Path target) throws IOException {
    Files.createDirectories(target.getParent());
    Tool.run("cp", "-rL", source, target);
  }

  private static void pack(Path classes, Path jar) throws IOException {
    StringWriter said = new StringWriter();
    PrintWriter printer = new PrintWriter(said);
    ToolProvider tool =
        ToolProvider.findFirst("jar")
            .orElseThrow(() -> new IOException("this JDK has no jar tool to pack classes with"));
    String[] words = {"--create", "--file", jar.toString(), "-C", classes.toString(), "."};
    if (tool.run(printer, printer, words) != 0) {
      throw new IOException("packing " + classes + " failed: " + said.toString().strip());
    }
  }
}
