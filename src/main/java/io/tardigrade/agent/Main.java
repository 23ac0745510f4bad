package io.tardigrade.agent;

import io.tardigrade.guest.HostPaths;
import io.tardigrade.process.AgentLauncher;
import io.tardigrade.process.RotatingLog;
import java.io.IOException;

/**
 * The agent process as a command or a guardian starts it. {@code --until-idle} is required: it ends
 * when no guest is to run. {@code --replace=PID} takes over from the agent that is that process.
 * Exit status 0: idle, or asked to end; 3: another agent runs; 1: failed.
 */
public final class Main {
  private static final String REPLACE = "--replace=";

  private Main() {}

  public static void main(String[] args) {
    int status;
    try {
      HostPaths paths = HostPaths.of(System.getenv());
      RotatingLog.takeStderr(AgentLauncher.log(paths));
      EarlyGuardians.start(paths);
      status = Agent.serveUntilIdle(paths, replaced(args)) ? 0 : 3;
    } catch (IOException | RuntimeException e) {
      e.printStackTrace();
      status = 1;
    }
    Runtime.getRuntime().halt(status);
  }

  private static long replaced(String[] args) {
    long pid = 0;
    for (String arg : args) {
      if (arg.startsWith(REPLACE)) {
        pid = Long.parseLong(arg.substring(REPLACE.length()));
      }
    }
    return pid;
  }
}
