package io.tardigrade.network;

import io.tardigrade.linux.Command;
import io.tardigrade.linux.Linux;
import java.io.IOException;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;

/**
 * A network namespace of a test: a machine of its own as far as its network goes. A thread of ours
 * lives in it, and sockets belong where the thread that made them lives.
 */
public final class Namespace implements AutoCloseable {
  private static final int CLONE_NEWNET = 0x4000_0000;
  private static final MethodHandle SETNS =
      Linker.nativeLinker()
          .downcallHandle(
              Linker.nativeLinker().defaultLookup().findOrThrow("setns"),
              FunctionDescriptor.of(
                  ValueLayout.JAVA_INT, ValueLayout.JAVA_INT, ValueLayout.JAVA_INT));

  final String name;
  private final boolean ours;
  private final ExecutorService thread =
      Executors.newSingleThreadExecutor(Thread.ofPlatform().daemon().factory());

  Namespace(String name) throws Exception {
    this(name, true);
    ip("link set dev lo up");
  }

  private Namespace(String name, boolean ours) throws Exception {
    this.name = name;
    this.ours = ours;
    if (ours) {
      Command.run("ip", "netns", "add", name);
    }
    in(Namespace::enter, name);
  }

  /** One that somebody else has made, and removes. */
  public static Namespace existing(String name) throws Exception {
    return new Namespace(name, false);
  }

  private static void enter(String name) throws IOException {
    int fd = Linux.open(Path.of("/run/netns", name), Linux.O_RDONLY);
    try {
      // SAFETY: takes two ints; only the calling thread, which is ours, changes its namespace.
      if ((int) SETNS.invokeExact(fd, CLONE_NEWNET) != 0) {
        throw new IOException("setns " + name);
      }
    } catch (IOException e) {
      throw e;
    } catch (Throwable t) {
      throw new AssertionError(t);
    } finally {
      Linux.close(fd);
    }
  }

  private interface Step {
    void run(String name) throws IOException;
  }

  private void in(Step step, String argument) throws Exception {
    in(() -> {
      step.run(argument);
      return argument;
    });
  }

  /** What it is called. */
  public String name() {
    return name;
  }

  /** Runs a task in the namespace. */
  public <T> T in(Callable<T> task) throws Exception {
    return thread.submit(task).get(20, TimeUnit.SECONDS);
  }

  void ip(String arguments) throws IOException {
    String[] words = ("ip -n " + name + " " + arguments).split(" ", -1);
    Command.run(words);
  }

  @Override
  public void close() throws IOException {
    thread.shutdownNow();
    if (ours) {
      Command.run("ip", "netns", "delete", name);
    }
  }
}
