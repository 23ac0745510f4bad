package io.tardigrade.system;

import org.junit.jupiter.api.extension.AfterTestExecutionCallback;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.LifecycleMethodExecutionExceptionHandler;
import org.junit.jupiter.api.extension.TestExecutionExceptionHandler;

/**
 * Copies the logs of a test that failed, before its guests are deleted, to {@code
 * target/system-logs/CLASS.TEST}.
 */
final class KeepLogs
    implements TestExecutionExceptionHandler,
        AfterTestExecutionCallback,
        LifecycleMethodExecutionExceptionHandler {
  @Override
  public void handleTestExecutionException(ExtensionContext context, Throwable failure)
      throws Throwable {
    keep(context);
    throw failure;
  }

  @Override
  public void afterTestExecution(ExtensionContext context) throws Exception {
    if (context.getExecutionException().isPresent()) {
      keep(context);
    }
  }

  @Override
  public void handleBeforeAllMethodExecutionException(ExtensionContext context, Throwable failure)
      throws Throwable {
    keep(context);
    throw failure;
  }

  private static void keep(ExtensionContext context) throws Exception {
    String name =
        context.getRequiredTestClass().getSimpleName()
            + "."
            + context.getTestMethod().map(m -> m.getName()).orElse("before");
    switch (context.getRequiredTestInstance()) {
      case SystemTest test -> test.host().keepLogs(name);
      case ReplicaSystemTest test when test.hosts != null -> test.hosts.keepLogs(name);
      default -> {}
    }
  }
}
